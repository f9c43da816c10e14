import type { Bill } from "./billSchema.ts";
import { finalEvaluation } from "./finalEvaluation.ts";
import type { RunReport } from "./schema.ts";
import { coveredSeconds, type JobUsage, type Usage } from "./usage.ts";

/** GPUs of a pair: one for the server, one for the trainer. */
const GPUS_OF_A_PAIR = 2;

/**
 * The bill of a stack; pure. A pair's GPU time is shared out among its runs by how long each one's Job lasted, so the
 * runs' sums make up the whole. Of a pair whose pods are gone, the time of its runs stands in, and is said to.
 */
export function billOf(usage: Usage, runs: readonly RunReport[]): Bill {
  const prices = usage.quote?.prices ?? null;
  const covered = (parts: Parameters<typeof coveredSeconds>[0]) => coveredSeconds(parts, usage.collectedAt);
  const pods = usage.pods.map((pod) => ({ pod: pod.pod, pair: pod.pair, node: pod.node, gpus: pod.gpus, gpuSeconds: pod.gpus * covered([pod]) }));
  const pairs = [...new Set([...usage.pods, ...usage.jobs].flatMap(({ pair }) => pair ?? []))];
  const gone = pairs.filter((pair) => !pods.some((pod) => pod.pair === pair));
  const jobsOf = Map.groupBy(usage.jobs, ({ pair }) => pair);

  const held = new Map(pairs.map((pair) => [pair, gone.includes(pair)
    ? GPUS_OF_A_PAIR * covered(jobsOf.get(pair)!)
    : sumOf(pods.filter((pod) => pod.pair === pair), ({ gpuSeconds }) => gpuSeconds)]));
  const gpuSeconds = sumOf([...held.values()], (seconds) => seconds);
  const onNodes = [...Map.groupBy(usage.pods, ({ node }) => node).values(), ...gone.map((pair) => jobsOf.get(pair)!)];
  const nodeHours = sumOf(onNodes, covered) / 3600;
  const cost = prices && nodeHours * prices.nodeHour;

  const shareOf = (job: JobUsage) => {
    const together = sumOf(jobsOf.get(job.pair)!, (other) => covered([other]));
    return together === 0 || job.pair === null ? 0 : held.get(job.pair)! * (covered([job]) / together);
  };
  return {
    collectedAt: usage.collectedAt, prices, pods, gpuSeconds, nodeHours, cost,
    quote: usage.quote && { nodeHours: usage.quote.nodeHours, cost: usage.quote.cost },
    runs: runs.map((run) => {
      const share = sumOf(usage.jobs.filter((job) => job.run === run.name), shareOf);
      const ofCost = cost === null ? null : gpuSeconds === 0 ? 0 : cost * (share / gpuSeconds);
      const unlocks = finalEvaluation(run)?.unlocksPerEpisode ?? 0;
      const { rollout, step, sync, evaluation } = run.seconds;
      return {
        run: run.name, gpuSeconds: share, cost: ofCost,
        costPerUnlock: ofCost === null || unlocks <= 0 ? null : ofCost / unlocks,
        iterationMinutes: run.iterations === 0 ? null : (rollout + step + sync + evaluation) / 60 / run.iterations,
      };
    }),
    notes: [
      ...gone.map((pair) => `The pods of ${pair} are gone: the time of its runs stands in for theirs, without their start.`),
      "A node is paid from its start to its end; here it counts while it has a pod with a GPU.",
    ],
  };
}

const sumOf = <T>(items: readonly T[], value: (item: T) => number): number => items.reduce((sum, item) => sum + value(item), 0);
