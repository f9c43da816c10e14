import { expect, it } from "vitest";
import { runName } from "../../images/runner/src/runSpec.ts";
import { CELLS, FAULTS, PHASES, runOf } from "./matrix.ts";
import { MOMENTS, repeatedGroups, stepsAsked } from "./moment.ts";
import type { Call, Service } from "./wire.ts";

const call = (service: Service, path: string, body: unknown = null, status: number | null = 200): Call => ({ service, method: "POST", path, body, status });

it("has every fault in every phase once, each with a run name of its own that Kubernetes takes", () => {
  expect(CELLS).toHaveLength(40);
  const names = FAULTS.flatMap((fault) => [...PHASES, "bystander" as const].map((part) => runOf(fault, part)));
  expect(new Set(names).size).toBe(48);
  for (const name of names) expect(runName.safeParse(name).success, name).toBe(true);
});

it("knows each moment by one request, and no other one", () => {
  const requests = {
    rollout: call("vllm", "/v1/chat/completions", { model: "r-0-v1" }),
    step: call("trainer", "/runs/r-0/steps", { step: 2 }),
    check: call("trainer", "/runs/r-0/adapters/2"),
    load: call("vllm", "/v1/load_lora_adapter", { lora_name: "r-0-v2" }),
    evaluation: call("vllm", "/v1/chat/completions", { model: "r-0-v3" }),
  };
  const others = [call("vllm", "/v1/chat/completions", { model: "r-0-v2" }), call("trainer", "/runs/r-0/steps", { step: 1 }), call("vllm", "/v1/models"), call("trainer", "/runs/r-0/adapters/1")];
  for (const [moment, stops] of Object.entries(MOMENTS)) {
    expect(Object.entries(requests).filter(([, request]) => stops(request)).map(([name]) => name)).toEqual([moment]);
    expect(others.filter(stops)).toEqual([]);
  }
});

it("counts what was played again, and which steps were asked for", () => {
  const rollouts = ["a-i1-g0-e0", "a-i2-g0-e0", "a-i2-g1-e0", "a-i2-g0-e0", "a-i2-g1-e0", "a-eval3-e1"].map((id) => call("taskApp", "/rollout", { run_id: id }));
  expect(repeatedGroups(rollouts)).toEqual(["i2"]);
  expect(repeatedGroups([...rollouts, rollouts[5]!])).toEqual(["i2", "eval3"]);
  const steps = [1, 2, 2, 3].map((step) => call("trainer", "/runs/a/steps", { step }));
  expect(stepsAsked([...rollouts, ...steps])).toEqual([1, 2, 2, 3]);
});
