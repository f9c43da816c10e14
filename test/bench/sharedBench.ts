import { ofType } from "../../images/runner/test/fakeStack.ts";
import type { RunSpec } from "../../images/runner/src/runSpec.ts";
import { figure, type Measured } from "./figures.ts";
import type { Place } from "./plain/place.ts";
import { type FinishedRun, finishedRun } from "./plain/runs.ts";

/** All runs of a stack, once in each way. */
export interface Round {
  /** Seconds from the start of the first runner to the end of the last. */
  sequenceSeconds: number;
  sharedSeconds: number;
  sequence: FinishedRun[];
  shared: FinishedRun[];
}

const ROUNDS = 2;

/** The figures of some rounds, and how much of the runs' records is the same in both ways. Throws a RangeError for none. */
export function sharedFigures(rounds: readonly Round[]): Omit<Measured, "conditions"> {
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  const sequence = sum(rounds.map(({ sequenceSeconds }) => sequenceSeconds)) / rounds.length;
  const shared = sum(rounds.map(({ sharedSeconds }) => sharedSeconds)) / rounds.length;
  const [alone, together] = [rounds.flatMap((round) => round.sequence), rounds.flatMap((round) => round.shared)];
  const pairs = alone.flatMap((run, index) => episodesOf(run).map((hash, episode) => [hash, episodesOf(together[index]!)[episode]] as const));
  const rewards = (runs: readonly FinishedRun[], name: string) => {
    const values = runs.filter((run) => run.name === name).flatMap(({ events }) => ofType(events, "run.finished")[0]!.batchRewards);
    return sum(values) / values.length;
  };
  const speedup = sequence / shared;
  return {
    figures: [
      figure("speedup", speedup, "", `${new Set(alone.map(({ name }) => name)).size} runs one after the other ÷ at once, on one pair`),
      figure("sequence", sequence, "s", `mean of ${rounds.length} rounds`), figure("shared", shared, "s", `mean of ${rounds.length} rounds`),
      figure("same_episodes", pairs.filter(([one, other]) => one === other).length / pairs.length, "", `share of ${pairs.length} training and held-out episodes`),
      ...[...new Set(alone.map(({ name }) => name))].flatMap((name) => [
        figure(`reward_${name}_sequence`, rewards(alone, name), "", "mean of its batch rewards"), figure(`reward_${name}_shared`, rewards(together, name), ""),
      ]),
    ],
    notMeasured: [],
    keys: { speedup },
  };
}

/** Hashes of a run's training and held-out episodes, in order. */
function episodesOf({ events }: FinishedRun): string[] {
  return [...ofType(events, "rollout.finished"), ...ofType(events, "evaluation.finished")].flatMap(({ episodes }) => episodes.map(({ trajectoryHash }) => trajectoryHash));
}

/** The stack's runs, shortened: what is compared is the same work in two orders. */
export function shortened(spec: RunSpec, endpoints: RunSpec["endpoints"]): RunSpec {
  return { ...spec, endpoints, training: { ...spec.training, iterations: 4 }, evaluation: { seeds: spec.evaluation.seeds.slice(0, 8), everyIterations: 0 } };
}

export async function sharedBench(progress: (text: string) => void, { specs, start, conditions }: Place): Promise<Measured> {
  progress(`shared: starting vLLM, trainer and task app for ${specs.length} runs`);
  await using servers = await start(specs.length);
  const runs = specs.map((spec) => shortened(spec, servers.endpoints));
  // A short one unmeasured: the first requests of a server pay for what it loads and compiles.
  await finishedRun(servers, { ...runs[0]!, training: { ...runs[0]!.training, iterations: 1 } });
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const measured: Partial<Round> = {};
    const ways = [
      async () => {
        progress(`shared: round ${round + 1} of ${ROUNDS}, one after the other`);
        const begin = performance.now();
        measured.sequence = [];
        for (const spec of runs) measured.sequence.push(await finishedRun(servers, spec));
        measured.sequenceSeconds = (performance.now() - begin) / 1000;
      },
      async () => {
        progress(`shared: round ${round + 1} of ${ROUNDS}, at once`);
        const begin = performance.now();
        measured.shared = await Promise.all(runs.map((spec) => finishedRun(servers, spec)));
        measured.sharedSeconds = (performance.now() - begin) / 1000;
      },
    ];
    // Turn and turn about, so that a machine that gets busier favours neither.
    for (const way of round % 2 === 0 ? ways : ways.toReversed()) await way();
    rounds.push(measured as Round);
  }
  const { training, rollout } = runs[0]!;
  return { ...sharedFigures(rounds), conditions: { ...conditions, runs: runs.length, iterations: training.iterations, episodes: training.batchSize * training.groupSize, maxConcurrent: rollout.maxConcurrent } };
}
