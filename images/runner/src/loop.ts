import { announceStart } from "./announcement.ts";
import type { RunContext } from "./context.ts";
import { judgeDropped } from "./dropped.ts";
import { evaluate, playBaseline } from "./evaluation.ts";
import { guardTrainedNothing, hasUpdate } from "./guards.ts";
import { mapConcurrently } from "./pool.ts";
import { waitFor } from "./readiness.ts";
import { startingPoint } from "./resume.ts";
import { withRetries } from "./retry.ts";
import { countDecisions, countTokens, playEpisodes, type Rollouts, trainingPlans } from "./rollouts.ts";
import { trainingSamples } from "./samples.ts";
import type { Standing } from "./standing.ts";
import { recordStep, takeStep } from "./step.ts";
import { recordSync } from "./sync.ts";
import { addRollouts, summary } from "./tally.ts";
import type { Adapter } from "./trainer.ts";

/** The whole run. Throws a RunFailure when it can't go on, the signal's reason when it's told to stop. */
export async function runLoop(context: RunContext, standing: Standing): Promise<void> {
  const { spec, taskApp, vllm, trainer, adapters, log, signal } = context;
  const { iterations } = spec.training;
  const retried = <T>(call: () => Promise<T>) => withRetries(call, { retries: spec.guards.maxRetries, signal });

  // 1. Wait until all three services answer.
  await log.info(`run ${spec.name}: waiting for the task app, vLLM and the trainer`);
  await Promise.all([
    waitFor("the task app", (s) => taskApp.health(s), { signal, log }),
    waitFor("vLLM", (s) => vllm.ready(s), { signal, log }),
    waitFor("the trainer", (s) => trainer.ready(s), { signal, log }),
  ]);

  // 2. Create the run at the trainer, or find where an earlier pod left it.
  const beginPut = performance.now();
  const state = await retried(() => trainer.put(spec, signal));
  const putSeconds = (performance.now() - beginPut) / 1000;
  const start = startingPoint(state, spec, new Date());
  log.seq = start.seq;
  Object.assign(standing, { iteration: start.step, tally: start.tally });
  await announceStart(context, standing, start.resumedAt);
  const where = start.resumedAt === null ? "begins" : `goes on after iteration ${start.resumedAt}`;
  await log.info(`run ${spec.name} ${where}; its adapters are ${context.runKey}-v0, -v1, …`);

  // 3. Tell the last step again, if an earlier pod took one, and bring the current adapter to the server.
  if (start.lastStep) await recordStep(context, standing, start.lastStep);
  const times = await adapters.begin(state.adapter, start.sampler);
  await recordSync(context, standing, state.adapter, start.lastStep?.seconds.save ?? putSeconds, times);

  // 4. Before the first step, measure what chance and the untrained model do on the held-out worlds.
  if (start.step === 0) {
    await playBaseline(context);
    await context.meter.time("evaluation", () => evaluate(context, 0));
  } else {
    await evaluateIfDue(context, start.step);
  }

  // 5. Learn. With staleness 1 each iteration brings the episodes of the next one, played while its step was under way.
  let played: Played | null = null;
  for (let iteration = start.step + 1; iteration <= iterations; iteration++) {
    await stopWhenSpent(context, standing, iteration - 1);
    standing.iteration = iteration;
    const ahead: Played | null = played;
    const sampler = iteration === start.step + 1 ? start.sampler : null;
    played = await context.meter.time("iteration", async () => iterate(context, standing, ahead ?? (await play(context, iteration, sampler ?? adapters.current))));
  }

  // 6. Measure what was learned, sum up, and give back what the run held.
  guardTrainedNothing(standing.tally.iterationsWithoutUpdate, iterations);
  await evaluate(context, iterations);
  await log.event({ type: "run.finished", ...summary(standing.tally, new Date()) });
  await context.results?.settle(context.patience, (line) => log.info(line));
  await giveBack(context);
  await log.info("🎉 Training completed successfully!");
  await log.info(
    `All batch rewards: [${standing.tally.batchRewards.map((reward) => Number(reward.toFixed(4))).join(", ")}]`,
  );
}

/** Ends a run whose budget has no room for another iteration: measures what it has learned, then throws the reason. */
async function stopWhenSpent(context: RunContext, standing: Standing, done: number): Promise<void> {
  const spent = context.meter.spent(standing.tally.startedAt, done, context.spec.training.iterations);
  if (spent === null) return;
  // After an evaluation that was due anyway there is nothing more to measure, and no time to do it in.
  if (done > 0 && !isDue(context, done)) await evaluate(context, done);
  throw spent;
}

/** An iteration's episodes and the version that they were played under. */
interface Played extends Rollouts {
  adapter: Adapter;
}

/** Plays an iteration's episodes. The version stays loaded from the first to the last of them, whatever serves meanwhile. */
async function play(context: RunContext, iteration: number, adapter: Adapter): Promise<Played> {
  const plans = trainingPlans(context, iteration, adapter.name);
  const rollouts = await context.adapters.use(adapter.name, () => playEpisodes(context, plans, `iteration ${iteration}`));
  return { ...rollouts, adapter };
}

/** One iteration after its episodes are played: judge, step, sync. Returns the next iteration's episodes where they were played beside the step. */
async function iterate(context: RunContext, standing: Standing, rollouts: Played): Promise<Played | null> {
  const { spec, adapters, log, signal } = context;
  const { iteration } = standing;
  const { adapter } = rollouts;

  // 5.1 Count the episodes, once the versions that served are proven to be the trainer's.
  await adapters.proven();
  const episodes = rollouts.episodes.map((episode) => episode.record);
  const decisions = countDecisions(rollouts.episodes);
  standing.tally = addRollouts(standing.tally, episodes, decisions);
  const meanReward = standing.tally.batchRewards.at(-1)!;
  await log.event({
    type: "rollout.finished",
    iteration,
    adapter: adapter.name,
    staleness: iteration - 1 - adapter.version,
    seconds: rollouts.seconds,
    episodes,
    meanReward,
    decisions,
    tokens: countTokens(rollouts.episodes),
    retries: rollouts.retries,
  });

  // 5.2 Leave out the decisions that the adapter did not make; too many of them end the run.
  await judgeDropped(context, rollouts.episodes, iteration);

  // 5.3 Turn rewards into advantages, take one step, bring the new adapter to the server and see it move the canary.
  const samples = trainingSamples(rollouts.episodes, spec.reward.stepwise);
  const before = adapters.current;
  const ahead = spec.training.staleness === 1 && iteration < spec.training.iterations;
  const learn = async (signal: AbortSignal) => {
    const begin = performance.now();
    const step = await takeStep({ ...context, signal }, { step: iteration, seq: log.seq, tally: standing.tally, samples, sampler: adapter, nextSampler: ahead ? before : null });
    const stepSeconds = (performance.now() - begin) / 1000;
    await recordStep(context, standing, step);
    const times = await adapters.advance(step.adapter, hasUpdate(step));
    const sync = await recordSync(context, standing, step.adapter, step.seconds.save, times);
    const unlocks = episodes.reduce((sum, episode) => sum + episode.unlocks, 0) / episodes.length;
    await log.info(
      `iteration ${iteration}/${spec.training.iterations}: reward ${meanReward.toFixed(4)}, unlocks ${unlocks.toFixed(2)}, adapter ${step.adapter.name}, ` +
        `rollouts ${rollouts.seconds.toFixed(1)} s, step ${stepSeconds.toFixed(1)} s with ${step.seconds.total.toFixed(1)} of its own, sync ${sync.toFixed(2)} s`,
    );
  };

  // 5.4 With staleness 1, play the next iteration beside that, under the version that the step begins from. What fails first ends both.
  let next: Played | null = null;
  const playNext = async (signal: AbortSignal) => void (next = await play({ ...context, signal }, iteration + 1, before));
  await mapConcurrently(ahead ? [playNext, learn] : [learn], 2, signal, (work, signal) => work(signal));

  // 5.5 Now and then, measure on the held-out worlds.
  await evaluateIfDue(context, iteration);
  return next;
}

/** Whether a periodic evaluation follows an iteration. That after the last one is the loop's own last act, and not periodic. */
function isDue({ spec: { evaluation, training } }: RunContext, iteration: number): boolean {
  return evaluation.everyIterations > 0 && iteration % evaluation.everyIterations === 0 && iteration < training.iterations;
}

async function evaluateIfDue(context: RunContext, iteration: number): Promise<void> {
  if (isDue(context, iteration)) await evaluate(context, iteration);
}

/**
 * Unloads the adapters and frees the trainer's memory. The adapters stay on disk. Comes after run.finished, so that a kill in
 * between costs a repeated last evaluation and never the run; what can't be given back costs memory, so it's only said.
 */
async function giveBack({ adapters, trainer, log, signal }: RunContext): Promise<void> {
  for (const release of [() => adapters.end(), () => trainer.delete(signal)]) {
    try {
      await release();
    } catch (error) {
      await log.warn(`the run is finished, but could not be cleared away: ${(error as Error).message}`);
    }
  }
}
