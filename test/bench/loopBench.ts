import { ofType } from "../../images/runner/test/fakeStack.ts";
import { HttpClient } from "../../images/runner/src/http.ts";
import { mapConcurrently } from "../../images/runner/src/pool.ts";
import type { RunSpec } from "../../images/runner/src/runSpec.ts";
import { figure, type Measured } from "./figures.ts";
import type { Place } from "./plain/place.ts";
import { type ModelCall, Recorder } from "./plain/recorder.ts";
import { finishedRun } from "./plain/runs.ts";
import type { Servers } from "./plain/servers.ts";

/** Tokens that a model wrote in some seconds. */
export interface Pace {
  tokens: number;
  seconds: number;
}

/** A run of the same size with staleness 1, as its events tell it. */
export interface StaleRun {
  /** Of this run and of the one with staleness 0, from its start to its end. */
  seconds: number;
  freshSeconds: number;
  /** Of its steps: sampler against the version that sampled and against the version that learned, mean |difference|, nats a token. */
  mismatch: number;
  corrected: number;
  foreign: number;
}

const ROUNDS = 2;

export function loopFigures(loop: readonly Pace[], bare: readonly Pace[], stale: readonly StaleRun[]): Omit<Measured, "conditions"> {
  const mean = (pick: (run: StaleRun) => number) => stale.reduce((sum, run) => sum + pick(run), 0) / stale.length;
  const rate = (paces: readonly Pace[]) => paces.reduce((sum, { tokens }) => sum + tokens, 0) / paces.reduce((sum, { seconds }) => sum + seconds, 0);
  const ratio = rate(loop) / rate(bare);
  return {
    figures: [
      figure("ratio", ratio, "", "rollouts in the loop ÷ bare closed loop, of the same prompts at the same concurrency"),
      figure("loop", rate(loop), "tokens/s", "output tokens while an iteration is played; environment, task app and runner included"),
      figure("bare", rate(bare), "tokens/s", "the same requests one after the other on each of as many connections"),
      figure("loop_tokens", loop.reduce((sum, { tokens }) => sum + tokens, 0), ""), figure("bare_tokens", bare.reduce((sum, { tokens }) => sum + tokens, 0), ""),
      figure("run", mean(({ freshSeconds }) => freshSeconds), "s", "a whole run with staleness 0"), figure("run_stale", mean(({ seconds }) => seconds), "s", "with staleness 1"),
      figure("stale_mismatch", mean(({ mismatch }) => mismatch), "nats", "with staleness 1, sampler and the version that sampled, mean |difference| a token"),
      figure("stale_corrected", mean(({ corrected }) => corrected), "nats", "sampler and the version that learned: what the importance weight corrects"),
      figure("stale_foreign", stale.reduce((sum, { foreign }) => sum + foreign, 0), "", "decisions left out as another policy's"),
    ],
    notMeasured: [],
    keys: { ratio },
  };
}

/** A run's rollouts as it tells them. */
async function played(servers: Servers, spec: RunSpec, recorder: Recorder): Promise<{ paces: Pace[]; calls: ModelCall[]; seconds: number }> {
  recorder.take();
  const { events } = await finishedRun(servers, spec);
  const paces = ofType(events, "rollout.finished").map(({ tokens, seconds }) => ({ tokens: tokens.completion, seconds }));
  // The last evaluation is under a version that trained nothing; the first, of one episode, is left in.
  const trained = new Set(ofType(events, "rollout.finished").map(({ adapter }) => adapter));
  return { paces, seconds: ofType(events, "run.finished")[0]!.seconds, calls: recorder.take().filter(({ model }) => trained.has(model)) };
}

async function staleRun(servers: Servers, spec: RunSpec, freshSeconds: number): Promise<StaleRun> {
  const { events } = await finishedRun(servers, { ...spec, training: { ...spec.training, staleness: 1 } });
  const steps = ofType(events, "step.finished").filter(({ staleness }) => staleness === 1);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    seconds: ofType(events, "run.finished")[0]!.seconds, freshSeconds, foreign: steps.reduce((sum, { foreignSamples }) => sum + foreignSamples, 0),
    mismatch: mean(steps.map(({ mismatch }) => mismatch.meanAbsLogprobDelta)), corrected: mean(steps.map(({ offPolicy }) => offPolicy!.meanAbsLogprobDelta)),
  };
}

/**
 * The calls again, straight to vLLM, as many at a time as in the loop. Under new names of the adapters' folders, so that no answer
 * comes out of the prefix cache that the loop has filled.
 */
async function bare(servers: Servers, calls: readonly ModelCall[], concurrency: number, round: number): Promise<Pace> {
  const { signal } = new AbortController();
  const client = new HttpClient("vLLM", servers.endpoints.vllm, { authorization: `Bearer ${servers.synthApiKey}` });
  const vllm = servers.vllm();
  const named = new Map([...new Set(calls.map(({ model }) => model))].map((model, index) => [model, `bare-${round}-v${index}`]));
  try {
    for (const [model, name] of named) await vllm.loadAdapter(name, `${servers.adapters}/${model}`, signal);
    const begin = performance.now();
    const written = await mapConcurrently(calls, concurrency, signal, async (call) => {
      const answer = await client.call("POST", "/v1/chat/completions", { body: { ...call, model: named.get(call.model) }, timeoutSeconds: 300, signal });
      return (JSON.parse(answer) as { usage: { completion_tokens: number } }).usage.completion_tokens;
    });
    return { tokens: written.reduce((sum, tokens) => sum + tokens, 0), seconds: (performance.now() - begin) / 1000 };
  } finally {
    for (const name of named.values()) await vllm.unloadAdapter(name, signal);
    for (const each of [client, vllm]) each.close();
  }
}

export async function loopBench(progress: (text: string) => void, { specs, start, conditions }: Place): Promise<Measured> {
  progress("loop: starting vLLM, trainer and task app");
  // Slots for two runs: the loop's adapters are gone when the bare loop's come, and those are up to four.
  await using servers = await start(2);
  await using recorder = new Recorder(servers.endpoints.taskApp);
  const taskApp = await recorder.start();
  const [first] = specs;
  const spec: RunSpec = {
    ...first!, endpoints: { ...servers.endpoints, taskApp },
    training: { ...first!.training, iterations: 4 }, evaluation: { seeds: first!.evaluation.seeds.slice(0, 1), everyIterations: 0 },
  };
  await played(servers, { ...spec, training: { ...spec.training, iterations: 1 } }, recorder);
  const [loop, straight, stale]: [Pace[], Pace[], StaleRun[]] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    progress(`loop: round ${round + 1} of ${ROUNDS}, a run`);
    const { paces, calls, seconds } = await played(servers, spec, recorder);
    loop.push(...paces);
    progress(`loop: round ${round + 1} of ${ROUNDS}, its ${calls.length} model calls by themselves`);
    straight.push(await bare(servers, calls, spec.rollout.maxConcurrent, round));
    progress(`loop: round ${round + 1} of ${ROUNDS}, a run with staleness 1`);
    stale.push(await staleRun(servers, spec, seconds));
  }
  const { training, rollout } = spec;
  return {
    ...loopFigures(loop, straight, stale),
    conditions: { ...conditions, rounds: ROUNDS, iterations: training.iterations, episodes: training.batchSize * training.groupSize, turns: rollout.maxTurns, maxConcurrent: rollout.maxConcurrent },
  };
}
