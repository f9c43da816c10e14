import type { V1Deployment, V1Job, V1Pod } from "@kubernetes/client-node";
import { expect, it } from "vitest";
import { type ControllerSettings, readSettings } from "./settings.ts";
import { snapshotOf } from "./snapshot.ts";

const settings: ControllerSettings = {
  version: 1, namespace: "ns", labels: { pair: "l/pair", part: "l/part", run: "l/run", slot: "l/slot" }, members: ["vllm", "trainer"], gpuResource: "nvidia.com/gpu",
  gate: "l/turn", parked: "l/parked", ledger: "ledger", nodes: 1, startSeconds: 60, graceSeconds: 5,
};
const deployment = (pair: string, part: string, spec: object = {}): V1Deployment => ({
  metadata: { name: `${pair}-${part}`, labels: { "l/pair": pair, "l/part": part } },
  spec: { replicas: 1, selector: {}, ...spec, template: { metadata: { labels: { "l/slot": "3" } }, spec: { containers: [], schedulingGates: [{ name: "l/turn" }] } } },
});
const pod = (name: string, labels: Record<string, string>, spec: object = {}, status: object = {}, metadata: object = {}): V1Pod =>
  ({ metadata: { name, labels, ...metadata }, spec: { containers: [], ...spec }, status });
const job = (name: string, suspend: boolean, annotations: Record<string, string> = {}, conditions: object[] = []): V1Job =>
  ({ metadata: { name, labels: { "l/run": name, "l/pair": "pair-2" }, annotations, resourceVersion: "9" }, spec: { suspend, template: {} }, status: { conditions } as never });

it("has pairs in the order of their numbers, each pod with its own Deployment, those that have ended left out", () => {
  const of = { "l/pair": "pair-2", "l/part": "vllm" };
  const { pairs } = snapshotOf({
    deployments: [deployment("pair-10", "vllm"), deployment("pair-2", "vllm", { replicas: 0 }), deployment("pair-2", "trainer")], jobs: [],
    pods: [
      pod("ready", of, {}, { phase: "Running", conditions: [{ type: "Ready", status: "True" }] }, { deletionTimestamp: new Date() }),
      pod("waiting", of, { schedulingGates: [{ name: "l/turn" }, { name: "kueue.x-k8s.io/admission" }] }), pod("failed", of, {}, { phase: "Failed" }),
    ],
  }, settings);
  expect(pairs.map(({ name, order, slot, gated, whole }) => [name, order, slot, gated, whole])).toEqual([["pair-2", 2, "3", true, true], ["pair-10", 10, "3", true, false]]);
  expect(pairs[0]!.members).toEqual([
    { deployment: "pair-2-vllm", replicas: 0, pods: [
      { name: "ready", atGate: false, heldElsewhere: false, ready: true, ending: true }, { name: "waiting", atGate: true, heldElsewhere: true, ready: false, ending: false },
    ] },
    { deployment: "pair-2-trainer", replicas: 1, pods: [] },
  ]);
});

it("tells a Job that this program has parked from one that somebody has stopped", () => {
  const { runs } = snapshotOf({
    deployments: [], pods: [pod("p", { "batch.kubernetes.io/job-name": "going" }, { schedulingGates: [{ name: "l/turn" }] })],
    jobs: [job("going", false), job("parked", true, { "l/parked": "true" }), job("stopped", true), job("done", false, {}, [{ type: "Complete", status: "True" }])],
  }, settings);
  expect(runs.map(({ name, state, pods }) => [name, state, pods.length])).toEqual([["going", "active", 1], ["parked", "parked", 0], ["stopped", "stopped", 0], ["done", "ended", 0]]);
});

it("takes settings as the component writes them, and names what is wrong with others", () => {
  expect(readSettings({ CONTROLLER_SETTINGS: JSON.stringify(settings) })).toEqual(settings);
  expect(() => readSettings({ CONTROLLER_SETTINGS: JSON.stringify({ ...settings, nodes: 0, extra: 1 }) })).toThrow(/nodes: .*extra/s);
  expect(() => readSettings({})).toThrow(/is not set/);
});
