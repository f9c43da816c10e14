import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../cli/exit.ts";
import { folders } from "../../components/settings.ts";
import { run } from "../../local/command.ts";
import { layout } from "../../local/cluster/layout.ts";
import { report as reportSchema } from "../../report/schema.ts";
import { timeCli } from "./cliRun.ts";
import { figure, type Measured } from "./figures.ts";
import { MemoryWatch } from "./memory.ts";

export interface LocalFacts {
  /** What `start --json` printed. */
  report: string;
  wallSeconds: number;
  peakMemoryGiB: number;
  cacheGiB: number;
}

/** The figures of one start; throws a ZodError for a report of another version. */
export function localFigures({ report, wallSeconds, peakMemoryGiB, cacheGiB }: LocalFacts): Measured {
  const { phases, runs } = reportSchema.parse(JSON.parse(report));
  const syncs = runs.flatMap((run) => run.adapterSyncSeconds ?? []);
  const deltas = runs.flatMap((run) => run.mismatchMaxMeanDelta ?? []);
  return {
    figures: [
      figure("total", wallSeconds, "s", "of the command, by the clock; limit of the design: 360 s warm"),
      ...(phases.runs === undefined ? [] : [figure("not_runs", wallSeconds - phases.runs, "s", "total without the phase runs; limit of the design: 75 s warm")]),
      ...Object.entries(phases).map(([phase, seconds]) => figure(`phase_${phase}`, seconds, "s")),
      ...(syncs.length === 0 ? [] : [
        figure("adapter_sync_p50", Math.max(...syncs.map(({ p50 }) => p50)), "s", "of the slowest run; limit of the design: 0.3 s"),
        figure("adapter_sync_p95", Math.max(...syncs.map(({ p95 }) => p95)), "s", "of the slowest run"),
      ]),
      ...(deltas.length === 0 ? [] : [figure("mean_logprob_delta", Math.max(...deltas), "nats", "|sampler - trainer| a token, largest mean of any step; limit of the design: 1e-4")]),
      figure("peak_memory", peakMemoryGiB, "GiB", "least MemAvailable against the start, other programs included; limit of the design: 10 GiB"),
      figure("cache", cacheGiB, "GiB", "du of the cache folder; limit of the design: 30 GB with all caches"),
    ],
    notMeasured: [
      ...(syncs.length === 0 ? ["No run synced an adapter; see the report's findings."] : []),
      ...(deltas.length === 0 ? ["No run made a step, so sampler and trainer could not be compared; see the report's findings."] : []),
    ],
    conditions: { runs: runs.length, iterations: Math.max(0, ...runs.map(({ iterations }) => iterations)) },
  };
}

/** GiB in the output of `du -sk`. */
export function duGiB(text: string): number {
  return Number.parseInt(text, 10) / 1024 ** 2;
}

/** One whole start: brings up, trains, reports, takes down. Throws UserError when that would take away a cluster in use. */
export async function localBench(progress: (text: string) => void): Promise<Measured> {
  const { cacheDir } = folders();
  const { kubeconfig } = layout(folders());
  if (existsSync(kubeconfig)) {
    throw new UserError(`An embedded cluster is up (${kubeconfig}), and a start takes it down at its end. Take it down first: npx rewardlab down`);
  }
  const temperature = existsSync(join(cacheDir, "images", "bases.json")) ? "warm" : "cold";
  progress(`local: one ${temperature} start`);
  const memory = new MemoryWatch();
  let peakMemoryGiB = 0;
  const { stdout, wallSeconds } = await timeCli(["start", "--json"]).finally(() => (peakMemoryGiB = memory.stop()));
  progress(`local: counting what ${cacheDir} holds`);
  const cacheGiB = duGiB(await run("du", ["-skx", cacheDir]));
  const measured = localFigures({ report: stdout, wallSeconds, peakMemoryGiB, cacheGiB });
  return { ...measured, conditions: { start: temperature, ...measured.conditions } };
}
