import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { FakeStack } from "../test/fakeStack.ts";
import { Adapters } from "./adapters.ts";
import { RunLog } from "./runLog.ts";
import { Trainer } from "./trainer.ts";
import { Vllm } from "./vllm.ts";

/** A run's adapters on the fake server, at version 0, with the trainer's next version ready. */
async function atVersion0(stack: FakeStack) {
  const spec = stack.spec();
  const { signal } = new AbortController();
  const trainer = new Trainer(stack.trainer.url, stack.trainer.apiKey, "r");
  const log = new RunLog(new PassThrough().resume(), "r");
  const vllm = new Vllm(stack.vllm.url, stack.vllm.apiKey);
  const adapters = new Adapters(vllm, trainer, { runKey: "r", guards: spec.guards, signal, log });
  const state = await trainer.put(spec, signal);
  await adapters.begin(state.adapter);
  const sample = { id: "a", group: "g", prompt_ids: [1], completion_ids: [2], sampler_logprobs: [-1], advantage: 1 };
  const { adapter } = await trainer.step({ step: 1, cursor: {}, temperature: 1, max_logprob_delta: 1, sampler_version: 0, samples: [sample] }, signal);
  return { adapters, next: adapter };
}

test("a version is unloaded only when no request names it any more", async () => {
  await using stack = await FakeStack.start();
  const { adapters, next } = await atVersion0(stack);
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const requests = gates.map((gate) => adapters.use("r-v0", () => gate.promise));
  await adapters.advance(next, true);
  expect(adapters.current.name).toBe("r-v1");
  expect(stack.vllm.loaded).toEqual(["r-v0", "r-v1"]);
  gates[0].resolve();
  await requests[0];
  expect(stack.vllm.loaded).toEqual(["r-v0", "r-v1"]);
  gates[1].resolve();
  await requests[1];
  expect(stack.vllm.loaded).toEqual(["r-v1"]);
});

test("a request that fails frees its version all the same", async () => {
  await using stack = await FakeStack.start();
  const { adapters, next } = await atVersion0(stack);
  const gate = Promise.withResolvers<void>();
  const request = adapters.use("r-v0", () => gate.promise);
  await adapters.advance(next, true);
  gate.reject(new Error("made up for the test"));
  await expect(request).rejects.toThrow("made up");
  expect(stack.vllm.loaded).toEqual(["r-v1"]);
});

test("a version serves at once, and counts when the trainer has confirmed it", async () => {
  await using stack = await FakeStack.start();
  const { adapters, next } = await atVersion0(stack);
  stack.trainer.fault.baseOffset = 1;
  await adapters.advance(next, true);
  expect(adapters.current.name).toBe("r-v1");
  await expect(adapters.proven()).rejects.toThrow("vLLM and the trainer differ");
});
