import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type CopiedRun, copyKept, keptLines, type KeptSource } from "../collect/keptResults.ts";
import { parseEventLine } from "../images/runner/src/events.ts";
import { orderEvents } from "../report/eventOrder.ts";
import type { VerbContext } from "./command.ts";
import { RunFolder } from "./runFolder.ts";

/** What came of a copy. */
export interface KeptCopy {
  /** Names of the runs that are in the folder now. */
  runs: string[];
  /** Empty: everything was copied, and is what the runs have put there. */
  problems: string[];
}

/**
 * Copies what is kept of a stack's runs into its folder: the newest of each name beside what was collected of it already,
 * earlier attempts under `earlier/`, by their run keys. A run's log is taken from there where it says more than what was
 * collected: logs of pods that are gone are nowhere else.
 */
export async function collectKept(source: KeptSource, folder: RunFolder, { screen, signal }: Pick<VerbContext, "screen" | "signal">): Promise<KeptCopy> {
  const raw = join(folder.path, ".copying");
  screen.line(`copying results from ${source.what}`);
  try {
    const { runs, files, problems } = await copyKept(source, raw, signal);
    const newestFirst = [...runs].sort((a, b) => b.startedAt - a.startedAt);
    const names = new Set<string>();
    for (const run of newestFirst) {
      if (names.has(run.name)) await moveInto(run.folder, join(folder.path, "earlier", run.runKey), await keptLines(run));
      else await takeOver(run, folder);
      names.add(run.name);
    }
    screen.line(`results: ${files} files of ${runs.length} run${runs.length === 1 ? "" : "s"} in ${folder.path}${problems.length === 0 ? ", each with its digest" : ""}`);
    return { runs: [...names], problems };
  } finally {
    await rm(raw, { recursive: true, force: true });
  }
}

/** The files of a run into its folder, and its log, if it says more than the one that is there. */
async function takeOver(run: CopiedRun, folder: RunFolder): Promise<void> {
  const lines = await keptLines(run);
  const collected = folder.events.get(run.name);
  if (collected === undefined) folder.open(run.name);
  for (const name of ["run.json", "log", "traces", "adapter", "checkpoint", "seals"]) {
    await rename(join(run.folder, name), join(folder.path, run.name, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
  }
  const events = lines.flatMap((line) => parseEventLine(line) ?? []);
  if (orderEvents(events).length > orderEvents(collected ?? []).length) folder.replace(run.name, lines);
}

/** An earlier attempt, in the same form, so that a report can be made of it: rewardlab report --from FOLDER/earlier. */
async function moveInto(from: string, to: string, lines: readonly string[]): Promise<void> {
  await mkdir(join(to, ".."), { recursive: true });
  await rename(from, to);
  RunFolder.writeLog(to, lines);
}
