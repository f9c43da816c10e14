import { taskUrlOf } from "./normalise.ts";

export interface TaskUrlSources {
  /** From the command line or the stack's settings. */
  flag?: string;
  /** From the environment variable TASK_APP_URL. */
  environment?: string;
  /** From the file's services.task_url. */
  file?: string;
}

export interface TaskUrl {
  url: string;
  from: "flag" | "environment" | "file" | "stack";
}

/**
 * The task app that a run plays against: flag over environment over file, as the format's own command line has it, blank
 * and placeholders skipped; if none is left, the stack's own.
 */
export function resolveTaskUrl(sources: TaskUrlSources, own: string): TaskUrl {
  const winner = (["flag", "environment", "file"] as const).find((from) => taskUrlOf(sources[from]) !== undefined);
  return winner ? { url: taskUrlOf(sources[winner])!, from: winner } : { url: own, from: "stack" };
}
