import { join } from "node:path";
import { z } from "zod";
import { run } from "../../local/command.ts";
import { savingOf } from "../../local/engine/stateSaving.ts";
import { percentile } from "../../report/percentile.ts";
import { figure, type Measured } from "./figures.ts";
import { type FleetFacts, measureFleet } from "./fleetCluster.ts";
import { NODES, PER_PAIR } from "./fleetStack.ts";

/** Experiments of the three measurements. */
const SIZES = [3, 30, 300] as const;
const REPEATS = 3;

/** What one experiment more costs may grow by so much from one tenfold size to the next. */
const LINEAR_WITHIN = 3;
/** Two processes of one size differ by so much: less growth than this is taken for this. */
const NOISE = { seconds: 0.2, rssMiB: 8 };

const output = z.object({ seconds: z.number().positive(), rssMiB: z.number().positive(), resources: z.int().positive() });

/**
 * Does a quantity grow in proportion to n, beyond what it is at none? From 3 to 30 and from 30 to 300 experiments, each experiment
 * must cost about the same: a quantity that grows with n² costs ten times as much an experiment in the second step (330 : 33), one with
 * n log n less than two times. A factor of three parts the two.
 */
export function isLinear(n: readonly number[], values: readonly number[], noise: number): boolean {
  const costs = n.slice(1).map((size, index) => Math.max(values[index + 1]! - values[index]!, index === 0 ? noise : 0) / (size - n[index]!));
  return costs.slice(1).every((cost, index) => cost <= LINEAR_WITHIN * costs[index]!);
}

/** Medians of the program's seconds and memory at each size. */
export interface ProgramCosts {
  n: number[];
  programSeconds: number[];
  programRssMiB: number[];
  resources: number[];
}

const rounded = (value: number) => Number(value.toPrecision(4));

/** The bench's numbers under the names that scripts read, and the figures of them. */
export function fleetFigures(costs: ProgramCosts, { objects, applySeconds, upSeconds, previewSeconds, placeSeconds, places }: FleetFacts): Measured {
  const { n, programSeconds, programRssMiB } = costs;
  const linear = isLinear(n, programSeconds, NOISE.seconds) && isLinear(n, programRssMiB, NOISE.rssMiB);
  const upRatio = upSeconds / applySeconds;
  return {
    keys: {
      n, programSeconds: programSeconds.map(rounded), programRssMiB: programRssMiB.map(rounded), linear,
      upSeconds: rounded(upSeconds), applySeconds: rounded(applySeconds), upRatio: rounded(upRatio), previewSeconds: rounded(previewSeconds),
      pods: places.pods, pairs: places.pairs.size, placed: places.problems.length === 0,
    },
    figures: [
      ...n.flatMap((size, index) => [
        figure(`program_seconds_${size}`, programSeconds[index]!, "s", `${costs.resources[index]} resources registered with the SDK's mocks; median of ${REPEATS} fresh processes`),
        figure(`program_rss_${size}`, programRssMiB[index]!, "MiB", "largest resident set of the same processes"),
      ]),
      figure("linear", linear ? 1 : 0, "", `1: an experiment more costs no more than ${LINEAR_WITHIN} times as much at ${n.at(-1)} as at ${n[1]}, in time and in memory`),
      figure("preview", previewSeconds, "s", "of three experiments, as `rewardlab preview --stack dev` runs it: engine, program, provider, policies; limit of the design: 5 s"),
      figure("apply", applySeconds, "s", `kubectl apply --server-side -f FILE, ${objects} objects in one list`),
      figure("up", upSeconds, "s", `the engine with the stand-in provider, the same ${objects} objects; neither waits for readiness, neither runs policies`),
      figure("up_ratio", upRatio, "", "up : apply; limit of the design: 1.3"),
      figure("place", placeSeconds, "s", `from the end of up until the scheduler had placed ${places.pods} pods`),
      figure("pairs_met", places.pairs.size, "", `each on a node of its own, of ${NODES} nodes with two GPUs`),
    ],
    notMeasured: places.problems.slice(0, 10).map((problem) => `Not as the packing said: ${problem}`),
    conditions: { experiments: n.at(-1)!, nodes: NODES, experimentsPerPair: PER_PAIR, objects },
  };
}

async function programCosts(progress: (text: string) => void): Promise<ProgramCosts> {
  const costs: ProgramCosts = { n: [...SIZES], programSeconds: [], programRssMiB: [], resources: [] };
  for (const size of SIZES) {
    const measured = [];
    for (let repeat = 1; repeat <= REPEATS; repeat++) {
      progress(`fleet: the program alone, ${size} experiments, ${repeat} of ${REPEATS}`);
      measured.push(output.parse(JSON.parse((await run(process.execPath, [join(import.meta.dirname, "fleetProgram.ts"), String(size)])).trim().split("\n").at(-1)!)));
    }
    costs.programSeconds.push(percentile(measured.map(({ seconds }) => seconds), 0.5));
    costs.programRssMiB.push(percentile(measured.map(({ rssMiB }) => rssMiB), 0.5));
    costs.resources.push(measured[0]!.resources);
  }
  return costs;
}

export async function fleetBench(progress: (text: string) => void): Promise<Measured> {
  const costs = await programCosts(progress);
  const measured = fleetFigures(costs, await measureFleet(SIZES.at(-1)!, PER_PAIR, savingOf(costs.resources.at(-1)!), progress));
  return { ...measured, conditions: { ...measured.conditions, stateSaved: savingOf(costs.resources.at(-1)!) } };
}
