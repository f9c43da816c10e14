import type { Access } from "../collect/access.ts";
import { followRuns } from "../collect/follow.ts";
import type { JobState } from "../collect/jobs.ts";
import { progressLine } from "../collect/progressLine.ts";
import type { RunFolder } from "./runFolder.ts";
import type { Screen } from "./screen.ts";

/** Follows the runs to their end: progress to the screen, every line into the folder. Throws when aborted. */
export function watchRuns(access: Access, runs: readonly string[], folder: RunFolder, screen: Screen, signal: AbortSignal): Promise<JobState[]> {
  const width = Math.max(...runs.map((run) => run.length));
  const say = (run: string, text: string) => screen.line(`${run.padEnd(width)}  ${text}`);
  return followRuns(access, runs, {
    onLine: (run, line) => folder.add(run, line),
    onEvent: (run, event) => {
      const text = progressLine(event);
      if (text !== null) say(run, text);
    },
    onTrouble: (run, trouble) => say(run, trouble === "" ? "its pod runs" : `its pod does not run: ${trouble}`),
    onServerTrouble: (server, trouble) => say(server, trouble === "" ? "its pod runs" : `its pod does not run: ${trouble}`),
  }, signal);
}
