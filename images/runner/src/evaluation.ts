import type { RunContext } from "./context.ts";
import { judgeDropped } from "./dropped.ts";
import { meanInterval } from "./interval.ts";
import { playEpisodes } from "./rollouts.ts";
import { baselineSeed, evaluationSeed } from "./seeds.ts";

/**
 * Plays the held-out worlds once each under the serving adapter and writes evaluation.finished. The metric is unlocked
 * achievements an episode for every run, whatever it is trained on: shaped rewards can't be compared with each other.
 * Sampler seeds are the same at every evaluation, so two evaluations of a run differ by the adapter alone.
 */
export async function evaluate(context: RunContext, iteration: number): Promise<void> {
  const { spec, runKey, adapters, log } = context;
  const adapter = adapters.current.name;
  const plans = spec.evaluation.seeds.map((seed, index) => ({
    id: `${runKey}-eval${iteration}-e${index}`,
    group: `eval${iteration}`,
    worldSeed: seed,
    samplerSeed: evaluationSeed(spec.seed, seed),
    mode: "eval" as const,
    adapter,
  }));
  const { episodes, seconds } = await playEpisodes(context, plans, `evaluation after iteration ${iteration}`);
  await adapters.proven();
  await judgeDropped(context, episodes, iteration);
  const records = episodes.map((episode) => episode.record);
  const { mean, interval, method } = meanInterval(records.map((record) => record.unlocks));
  await log.event({
    type: "evaluation.finished",
    iteration,
    adapter,
    seconds,
    episodes: records,
    unlocksPerEpisode: mean,
    interval,
    intervalMethod: method,
  });
  await log.info(
    `evaluation after iteration ${iteration} (${adapter}): ${phrase(mean, interval, records.length)}, ${seconds.toFixed(1)} s`,
  );
}

/** Plays the held-out worlds once each with random actions and writes baseline.finished. */
export async function playBaseline(context: RunContext): Promise<void> {
  const { spec, runKey, log } = context;
  const plans = spec.evaluation.seeds.map((seed, index) => ({
    id: `${runKey}-random-e${index}`,
    group: "random",
    worldSeed: seed,
    samplerSeed: baselineSeed(seed),
    mode: "eval" as const,
    adapter: null,
  }));
  const { episodes, seconds } = await playEpisodes(context, plans, "random policy");
  const records = episodes.map((episode) => episode.record);
  const { mean, interval, method } = meanInterval(records.map((record) => record.unlocks));
  await log.event({
    type: "baseline.finished",
    policy: "random",
    seconds,
    episodes: records,
    unlocksPerEpisode: mean,
    interval,
    intervalMethod: method,
  });
  await log.info(`random policy: ${phrase(mean, interval, records.length)}, ${seconds.toFixed(1)} s`);
}

const phrase = (mean: number, [low, high]: [number, number], episodes: number) =>
  `${mean.toFixed(2)} unlocks an episode (95 %: ${low.toFixed(2)} to ${high.toFixed(2)}, ${episodes} episodes)`;
