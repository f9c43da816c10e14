import type { RunContext } from "./context.ts";
import { RunFailure } from "./failure.ts";
import { mapConcurrently } from "./pool.ts";
import { waitFor } from "./readiness.ts";
import { isPassing, withRetries } from "./retry.ts";
import { type Episode, readEpisode } from "./rewards.ts";
import { type EpisodePlan, rolloutRequest } from "./rolloutRequest.ts";
import { samplerSeed, worldSeed } from "./seeds.ts";
import type { Tally } from "./tally.ts";

/** Episodes that were played together, in the order of their plans. */
export interface Rollouts {
  episodes: Episode[];
  retries: number;
  seconds: number;
}

const PROGRESS_SECONDS = 15;

/** The training episodes of an iteration: `batchSize` worlds, each played `groupSize` times with other samples. */
export function trainingPlans(
  { spec, runKey }: Pick<RunContext, "spec" | "runKey">,
  iteration: number,
  adapter: string,
): EpisodePlan[] {
  const { batchSize, groupSize } = spec.training;
  return Array.from({ length: batchSize * groupSize }, (_, index): EpisodePlan => {
    const [group, episode] = [Math.floor(index / groupSize), index % groupSize];
    return {
      id: `${runKey}-i${iteration}-g${group}-e${episode}`,
      group: `i${iteration}-g${group}`,
      worldSeed: worldSeed(spec.seed, iteration, group),
      samplerSeed: samplerSeed(spec.seed, iteration, group, episode),
      mode: "rl",
      adapter,
    };
  });
}

/**
 * Plays episodes, at most `maxConcurrent` at a time, none waiting for another's turns. An episode that fails for a passing
 * reason is played again from its start with the same seeds, once the task app answers and vLLM has its adapter.
 *
 * Throws a RunFailure when an episode has used up its retries.
 */
export async function playEpisodes(
  context: RunContext,
  plans: readonly EpisodePlan[],
  what: string,
): Promise<Rollouts> {
  const { spec, log } = context;
  const begin = performance.now();
  let [played, retries] = [0, 0];
  const causes = new Set<string>();
  const progress = setInterval(() => {
    void log.info(
      `${what}: ${played} of ${plans.length} episodes after ${((performance.now() - begin) / 1000).toFixed(0)} s`,
    );
  }, PROGRESS_SECONDS * 1000);
  try {
    const episodes = await mapConcurrently(
      plans,
      spec.rollout.maxConcurrent,
      context.signal,
      async (plan, signal) => {
        const episode = await playEpisode(context, plan, signal, async (cause, retry) => {
          retries += 1;
          // When a server dies, all episodes in flight fail for one cause: it's said once.
          if (causes.has(cause)) return;
          causes.add(cause);
          await log.warn(`episode ${plan.id}, retry ${retry} of ${spec.guards.maxRetries}: ${cause}`);
        });
        played += 1;
        return episode;
      },
    );
    return { episodes, retries, seconds: (performance.now() - begin) / 1000 };
  } finally {
    clearInterval(progress);
  }
}

async function playEpisode(
  context: RunContext,
  plan: EpisodePlan,
  signal: AbortSignal,
  onRetry: (cause: string, retry: number) => Promise<void>,
): Promise<Episode> {
  const { spec, taskApp, vllm, adapters, log, results } = context;
  const body = rolloutRequest(spec, vllm.url, plan);
  const play = () => taskApp.rollout(body, spec.rollout.maxTurns, signal);
  try {
    const answer = await withRetries(plan.adapter === null ? play : () => adapters.use(plan.adapter!, play), {
      retries: spec.guards.maxRetries,
      signal,
      before: async (error, retry) => {
        await onRetry((error as Error).message, retry);
        await waitFor("the task app", (s) => taskApp.health(s), { signal, log });
        if (plan.adapter !== null) await adapters.recover();
      },
    });
    const episode = readEpisode(answer, plan, spec);
    if (answer.trace) results?.trace(answer.trace);
    return episode;
  } catch (error) {
    if (signal.aborted || !isPassing(error)) throw error;
    const remedy =
      "look at the task app's log for this episode's id (and at vLLM's, if it names an inference error), then start a new attempt";
    throw new RunFailure(
      `episode ${plan.id} failed ${spec.guards.maxRetries + 1} times: ${(error as Error).message}`,
      remedy,
      { cause: error },
    );
  }
}

/** The decisions of some episodes, counted as the events want them. */
export function countDecisions(episodes: readonly Episode[]): Tally["decisions"] {
  const add = (pick: (episode: Episode) => number) => episodes.reduce((sum, episode) => sum + pick(episode), 0);
  return {
    total: add((episode) => episode.decisions.length),
    dropped: add((episode) => episode.record.dropped),
    invalidActions: add((episode) => episode.record.invalidActions),
    invalidDecisions: add((episode) => episode.decisions.filter((decision) => !decision.meta.valid).length),
  };
}

/** Tokens that the model read and wrote in some episodes. */
export function countTokens(episodes: readonly Episode[]): { prompt: number; completion: number } {
  const metas = episodes.flatMap((episode) => episode.decisions.map((decision) => decision.meta));
  return {
    prompt: metas.reduce((sum, meta) => sum + (meta.prompt_token_ids?.length ?? 0), 0),
    completion: metas.reduce((sum, meta) => sum + (meta.completion_token_ids?.length ?? 0), 0),
  };
}
