import { Adapters } from "../../images/runner/src/adapters.ts";
import { CANARY_TEXT } from "../../images/runner/src/canary.ts";
import { hasUpdate } from "../../images/runner/src/guards.ts";
import { HttpClient } from "../../images/runner/src/http.ts";
import { RunLog } from "../../images/runner/src/runLog.ts";
import type { RunSpec } from "../../images/runner/src/runSpec.ts";
import type { Sample, Trainer } from "../../images/runner/src/trainer.ts";
import { percentile } from "../../report/percentile.ts";
import { bytesIn } from "./disk.ts";
import { figure, type Measured } from "./figures.ts";
import { Capture } from "./plain/capture.ts";
import type { Place } from "./plain/place.ts";
import type { Servers } from "./plain/servers.ts";

/** Seconds of one adapter sync, as sync.finished tells them. */
export interface Sync {
  save: number;
  load: number;
  firstToken: number;
}

const SYNCS = 20;
const NAME = "bench-sync";

export function syncFigures(idle: readonly Sync[], loaded: readonly Sync[], adapterBytes: number): Omit<Measured, "conditions"> {
  const at = (syncs: readonly Sync[], share: number) => percentile(syncs.map(({ save, load, firstToken }) => save + load + firstToken), share);
  const part = (syncs: readonly Sync[], key: keyof Sync) => percentile(syncs.map((sync) => sync[key]), 0.5);
  const [p50, p95, p50UnderLoad, p95UnderLoad] = [at(idle, 0.5), at(idle, 0.95), at(loaded, 0.5), at(loaded, 0.95)];
  return {
    figures: [
      figure("p50", p50, "s", `save + load + first token, ${idle.length} versions, nothing else to do`), figure("p95", p95, "s"),
      figure("p50_under_load", p50UnderLoad, "s", `${loaded.length} versions, while the server decodes`), figure("p95_under_load", p95UnderLoad, "s"),
      ...(["save", "load", "firstToken"] as const).flatMap((key) => [figure(`${key}_p50`, part(idle, key), "s"), figure(`${key}_p50_under_load`, part(loaded, key), "s")]),
      figure("adapter", adapterBytes / 1e6, "MB"),
    ],
    notMeasured: [],
    keys: { p50, p95, p50UnderLoad, p95UnderLoad },
  };
}

/** A small batch that moves the weights a little: what a sync takes does not depend on what was learned. */
async function samplesOf(servers: Servers, model: string, signal: AbortSignal): Promise<Sample[]> {
  const vllm = servers.vllm();
  const ids = await vllm.tokenIds(model, CANARY_TEXT, signal);
  vllm.close();
  return [1, -1].map((advantage, index): Sample => {
    const [prompt, completion] = [ids.slice(0, 8 + 4 * index), ids.slice(8 + 4 * index, 12 + 4 * index)];
    return { id: `s${index}`, group: "g", prompt_ids: prompt, completion_ids: completion, sampler_logprobs: completion.map(() => -1), advantage };
  });
}

/** Takes a step and brings its version to the server, as the loop does. */
async function sync(trainer: Trainer, adapters: Adapters, samples: Sample[], signal: AbortSignal): Promise<Sync> {
  const { version } = adapters.current;
  // The two samples are nobody's draws, so the gate for those is off.
  const result = await trainer.step({ step: version + 1, cursor: {}, temperature: 1, max_logprob_delta: 1e6, sampler_version: version, samples }, signal);
  const { loadSeconds, firstTokenSeconds } = await adapters.advance(result.adapter, hasUpdate(result));
  await adapters.proven();
  return { save: result.seconds.save, load: loadSeconds, firstToken: firstTokenSeconds };
}

/** Requests of a few dozen tokens under the adapter that serves, so many at a time, until the signal; each keeps its adapter loaded. */
async function keepBusy(servers: Servers, adapters: Adapters, concurrency: number, signal: AbortSignal): Promise<void> {
  const client = new HttpClient("vLLM", servers.endpoints.vllm, { authorization: `Bearer ${servers.synthApiKey}` });
  const worker = async (number: number) => {
    for (let seed = number; !signal.aborted; seed += concurrency) {
      const { name } = adapters.current;
      const body = { model: name, prompt: `${seed} ${CANARY_TEXT}`, max_tokens: 64, temperature: 1, ignore_eos: true, seed };
      await adapters.use(name, () => client.call("POST", "/v1/completions", { body, timeoutSeconds: 300, signal: new AbortController().signal }));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, number) => worker(number))).finally(() => client.close());
}

export async function syncBench(progress: (text: string) => void, { specs, start, conditions }: Place): Promise<Measured> {
  progress("sync: starting vLLM, trainer and task app");
  await using servers = await start(1);
  const spec: RunSpec = { ...specs[0]!, endpoints: servers.endpoints };
  const { signal } = new AbortController();
  const [vllm, trainer] = [servers.vllm(), servers.trainer(NAME)];
  const adapters = new Adapters(vllm, trainer, { runKey: NAME, guards: spec.guards, signal, log: new RunLog(new Capture(progress), NAME) });
  try {
    const { adapter } = await trainer.put(spec, signal);
    await adapters.begin(adapter);
    const samples = await samplesOf(servers, adapter.name, signal);
    const some = async (count: number): Promise<Sync[]> => {
      const syncs: Sync[] = [];
      while (syncs.length < count) syncs.push(await sync(trainer, adapters, samples, signal));
      return syncs;
    };
    await some(2);
    progress(`sync: ${SYNCS} versions, idle`);
    const idle = await some(SYNCS);
    const { maxConcurrent } = spec.rollout;
    progress(`sync: ${SYNCS} versions while ${maxConcurrent} requests are decoded at a time`);
    const rest = new AbortController();
    const busy = keepBusy(servers, adapters, maxConcurrent, rest.signal);
    const loaded = await Promise.race([some(SYNCS), busy.then(() => Promise.reject(new Error("the load on the server ended")))]);
    rest.abort();
    await busy;
    const bytes = await bytesIn(adapters.current.path);
    return { ...syncFigures(idle, loaded, bytes), conditions: { ...conditions, rank: spec.lora.rank, underLoad: `${maxConcurrent} requests` } };
  } finally {
    for (const client of [vllm, trainer]) client.close();
  }
}
