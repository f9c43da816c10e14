import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { UserError } from "../../cli/exit.ts";
import { readStackSettings } from "../../components/settings.ts";
import { FakeStack } from "../../images/runner/test/fakeStack.ts";
import { loopFigures } from "./loopBench.ts";
import { oneCard, gpuName } from "./plain/place.ts";
import { callsOf, Recorder } from "./plain/recorder.ts";
import { sharedFigures } from "./sharedBench.ts";
import { syncFigures } from "./syncBench.ts";

it("finds the speed-up of sharing, and whether both ways played the same episodes", async () => {
  await using stack = await FakeStack.start();
  const run = async (seed: number) => ({ name: "a", events: (await stack.run(stack.spec((spec) => Object.assign(spec, { name: "a", seed })))).events });
  const [one, same, other] = [await run(7), await run(7), await run(8)];
  const round = { sequenceSeconds: 30, sharedSeconds: 20, sequence: [one], shared: [same] };
  const { figures, keys } = sharedFigures([round]);
  const value = (name: string) => figures.find((each) => each.name === name)!.value;
  expect([keys, value("same_episodes"), value("reward_a_sequence") === value("reward_a_shared")]).toEqual([{ speedup: 1.5 }, 1, true]);
  expect(sharedFigures([{ ...round, shared: [other] }]).figures.find(({ name }) => name === "same_episodes")!.value).toBeLessThan(0.5);
});

it("compares the tokens of all rollouts with those of the bare loop, by time", () => {
  expect(loopFigures([{ tokens: 100, seconds: 1 }, { tokens: 100, seconds: 3 }], [{ tokens: 200, seconds: 3.2 }], [{ seconds: 8, freshSeconds: 10, mismatch: 1e-6, corrected: 0.01, foreign: 0 }]).keys).toEqual({ ratio: 0.8 });
});

it("adds up the parts of a sync before it takes the median", () => {
  const syncs = [{ save: 1, load: 2, firstToken: 3 }, { save: 2, load: 1, firstToken: 0 }, { save: 0, load: 0, firstToken: 4 }];
  expect(syncFigures(syncs, syncs.slice(0, 1), 2e6).keys).toEqual({ p50: 4, p95: 5.8, p50UnderLoad: 6, p95UnderLoad: 6 });
});

it("keeps the model calls of episodes, first turns first, and passes everything on", async () => {
  const step = (model: string) => ({ info: { meta: { inference_request: { model } } } });
  const upstream = createServer((request, answer) => void answer.end(request.url === "/rollout" ? JSON.stringify({ trajectories: [{ steps: [step("first"), step("second")] }] }) : "other"));
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
  await using recorder = new Recorder(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`);
  const url = await recorder.start();
  expect(await (await fetch(`${url}/health`)).text()).toBe("other");
  for (let episode = 0; episode < 2; episode++) await (await fetch(`${url}/rollout`, { method: "POST", body: "{}" })).text();
  expect(recorder.take().map(({ model }) => model)).toEqual(["first", "first", "second", "second"]);
  expect(recorder.take()).toEqual([]);
  expect(callsOf(JSON.stringify({ trajectories: [{ steps: [{ info: { meta: {} } }] }] }))).toEqual([]);
  upstream.closeAllConnections();
  upstream.close();
});

it("takes what a GPU stack runs from its file, with server and trainer on one card", () => {
  const { vllm, trainer } = readStackSettings("dev", { envFile: ".env", ...oneCard({ vllm: { args: ["--a", "--gpu-memory-utilization=0.90"] } }) });
  expect([vllm.args, vllm.env, trainer.device]).toEqual([["--a", "--gpu-memory-utilization=0.5"], {}, "cuda"]);
});

it("refuses a GPU bench where there is no GPU", () => {
  expect(gpuName(() => ({ status: 0, stdout: "NVIDIA H100 80GB HBM3\nNVIDIA H100 80GB HBM3\n" }))).toBe("NVIDIA H100 80GB HBM3");
  for (const answer of [{ status: null, stdout: "" }, { status: 9, stdout: "" }, { status: 0, stdout: "" }]) expect(() => gpuName(() => answer)).toThrow(UserError);
});
