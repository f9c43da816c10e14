import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../cli/exit.ts";
import { folders } from "../../components/settings.ts";
import { layout } from "../../local/cluster/layout.ts";
import { report as reportSchema } from "../../report/schema.ts";
import { timeCli } from "./cliRun.ts";
import { bytesIn, DiskWatch } from "./disk.ts";
import { figure, type Measured } from "./figures.ts";
import { MemoryWatch, stackProcesses } from "./memory.ts";

export interface LocalFacts {
  /** What `start --json` printed. */
  report: string;
  wallSeconds: number;
  memory: { bytes: number; processes: number };
  /** Of the cache folder at the end, and of the state folder at its largest. */
  disk: { cacheBytes: number; stateBytes: number };
}

const GIB = 1024 ** 3;
const GB = 1e9;

/** The figures of one start; throws a ZodError for a report of another version. */
export function localFigures({ report, wallSeconds, memory, disk }: LocalFacts): Measured {
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
      figure("peak_memory", memory.bytes / GIB, "GiB", `sum of PSS of ${memory.processes} processes: node, control plane, pods, Docker engine, registry, Pulumi's engine, command line; limit of the design: 10 GiB`),
      figure("disk", (disk.cacheBytes + disk.stateBytes) / GB, "GB", "cache folder (toolchain, Python environment, images, model) at the end and state folder at its largest; limit of the design: 30 GB"),
      figure("disk_cache", disk.cacheBytes / GB, "GB"),
    ],
    notMeasured: [
      ...(syncs.length === 0 ? ["No run synced an adapter; see the report's findings."] : []),
      ...(deltas.length === 0 ? ["No run made a step, so sampler and trainer could not be compared; see the report's findings."] : []),
    ],
    conditions: { runs: runs.length, iterations: Math.max(0, ...runs.map(({ iterations }) => iterations)) },
  };
}

/** One whole start: brings up, trains, reports, takes down. Throws UserError when that would take away a cluster in use. */
export async function localBench(progress: (text: string) => void): Promise<Measured> {
  const { cacheDir, stateDir } = folders();
  const { kubeconfig } = layout({ cacheDir, stateDir });
  if (existsSync(kubeconfig)) {
    throw new UserError(`An embedded cluster is up (${kubeconfig}), and a start takes it down at its end. Take it down first: npx rewardlab down`);
  }
  const temperature = existsSync(join(cacheDir, "images", "bases.json")) ? "warm" : "cold";
  progress(`local: one ${temperature} start`);
  const memory = new MemoryWatch(() => stackProcesses({ cacheDir, stateDir }));
  const state = new DiskWatch(stateDir);
  const { stdout, wallSeconds } = await timeCli(["start", "--json"]).finally(async () => {
    memory.stop();
    await state.stop();
  });
  progress(`local: counting what ${cacheDir} holds`);
  const disk = { cacheBytes: await bytesIn(cacheDir), stateBytes: state.peakBytes };
  const measured = localFigures({ report: stdout, wallSeconds, memory: memory.peak, disk });
  return { ...measured, conditions: { start: temperature, ...measured.conditions } };
}
