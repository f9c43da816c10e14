import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Access } from "../collect/access.ts";
import { RUNNER_CONTAINER } from "../collect/follow.ts";
import { type JobState, listRunJobs } from "../collect/jobs.ts";
import { collectLogs } from "../collect/logs.ts";
import { stopRuns } from "../collect/stopRuns.ts";
import { collectTraces } from "../collect/traces.ts";
import { collectUsage } from "../collect/usage.ts";
import { PROJECT_ROOT } from "../components/settings.ts";
import type { VerbContext } from "./command.ts";
import { copyKeptLast } from "./keptLast.ts";
import { RunFolder } from "./runFolder.ts";

export interface Collected {
  folder: RunFolder;
  jobs: JobState[];
  /** Removes from the cluster what outlives the stack, where all of it was copied: for after the destruction. */
  removeKept: () => Promise<void>;
}

/**
 * Saves what the runs of a stack have left in the cluster into a new folder, for the last time: runs that have not ended
 * are stopped first, so that nothing is written after it was collected. Null when there is neither a run nor anything kept.
 */
export async function collectLast(access: Access, stack: string, { screen, signal }: VerbContext): Promise<Collected | null> {
  const jobs = await listRunJobs(access);
  const folder = RunFolder.create(join(PROJECT_ROOT, "runs"), stack, new Date(), jobs.map(({ run }) => run));
  // Before any pod is gone: the bill counts how long each was there.
  if (jobs.length > 0) folder.addUsage(await collectUsage(access, new Date()));
  const writing = jobs.filter(({ state }) => state === "running" || state === "waiting");
  for (const { run } of writing) screen.line(`${run} has not ended: stopping it, and keeping what it has said`);
  for (const { run } of jobs.filter((job) => !writing.includes(job))) {
    for (const line of await collectLogs(access, run, RUNNER_CONTAINER, signal)) folder.add(run, line);
  }
  await stopRuns(access, writing, (run, line) => folder.add(run, line));
  if (!(await collectTraces(access, folder.traces)) && jobs.length > 0) screen.line("no trace files: the stack's task app does not run any more");
  const removeKept = await copyKeptLast(access, stack, folder, { screen, signal });
  if (folder.events.size > 0) return { folder, jobs, removeKept };
  rmSync(folder.path, { recursive: true, force: true });
  return null;
}
