import { z } from "zod";
import { taskUrlOf } from "./normalise.ts";
import type { Problem } from "./problem.ts";

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

const http = z.url({ protocol: /^https?$/ });

export const isHttpUrl = (value: string): boolean => http.safeParse(value).success;

/** An address from outside of the files that is none; the file's own is checked with the file. */
export function taskUrlProblems({ url, from }: TaskUrl): Problem[] {
  const place = { flag: { file: "task URL", path: "taskUrl" }, environment: { file: "environment", path: "TASK_APP_URL" } };
  return (from === "flag" || from === "environment") && !isHttpUrl(url)
    ? [{ ...place[from], what: `is ${JSON.stringify(url)}, which is no http or https address`, write: "Write for example https://task-app.example.com, or unset it" }]
    : [];
}
