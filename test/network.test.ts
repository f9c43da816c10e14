import { beforeAll, describe, expect, it } from "vitest";
import type { Part } from "../components/names.ts";
import { type End, isAllowed, type World } from "./networkEvaluator.ts";
import type { Recording } from "./record.ts";
import { envFile, recordStack, SENTINELS } from "./stacks.ts";

/** The stack's NetworkPolicies over all pairs of its parts and a stranger, by an evaluator of their semantics. */
const PORT = { "task-app": 8001, vllm: 8000, trainer: 8002, run: 9999, "pair-controller": 9998 } as const;
const PARTS = Object.keys(PORT) as (keyof typeof PORT)[];
const NAMES = { ip: "10.96.0.10" };
const [INTERNET, METADATA, NODE] = [{ ip: "203.0.113.7" }, { ip: "169.254.169.254" }, { ip: "192.168.0.4" }];

const worldOf = ({ of }: Recording): World => ({
  policies: of("kubernetes:networking.k8s.io/v1:NetworkPolicy").map(({ inputs: { metadata, spec } }) => ({ namespace: metadata.namespace, spec })),
  namespaces: { "rewardlab-dev": {}, "rewardlab-exp-7": {}, default: {} },
});

/** A pod of a part with the labels that the program gives it. */
function podOf(recording: Recording, part: Part, namespace = "rewardlab-dev"): End {
  const owners = [...recording.of("kubernetes:apps/v1:Deployment"), ...recording.of("kubernetes:batch/v1:Job")];
  const { metadata } = owners.map(({ inputs }) => inputs["spec"].template).find((template) => template.metadata.labels["rewardlab.dev/part"] === part);
  return { namespace, labels: metadata.labels, ip: "10.1.0.5" };
}

let recording: Recording;
let world: World;
const can = (from: End, to: End, port: number, protocol: "TCP" | "UDP" = "TCP") => isAllowed(world, { from, to, port, protocol });
beforeAll(async () => {
  recording = await recordStack("dev");
  world = worldOf(recording);
});

it("inside of a stack, the parts reach each other on these ways and on no other", () => {
  const open = PARTS.flatMap((from) => PARTS.flatMap((to) => (can(podOf(recording, from), podOf(recording, to), PORT[to]) ? [`${from} → ${to}`] : [])));
  expect(open.sort()).toEqual(["run → task-app", "run → trainer", "run → vllm", "task-app → vllm"]);
});

it("each way is one port wide", () => {
  for (const from of PARTS) for (const to of PARTS) for (const port of [22, 80, 8000, 8001, 8002, 8080].filter((each) => each !== PORT[to])) {
    expect(can(podOf(recording, from), podOf(recording, to), port), `${from} → ${to}:${port}`).toBe(false);
  }
});

describe("a stranger", () => {
  const strangers: [string, End][] = [
    ["in the namespace, without labels", { namespace: "rewardlab-dev", labels: {}, ip: "10.1.0.6" }],
    ["in the namespace, with labels of its own", { namespace: "rewardlab-dev", labels: { app: "debug", "rewardlab.dev/part": "debug" }, ip: "10.1.0.6" }],
    ["in another namespace", { namespace: "default", labels: {}, ip: "10.1.0.6" }],
    ["in another stack, with a run's labels", { namespace: "rewardlab-exp-7", labels: { "rewardlab.dev/part": "run" }, ip: "10.1.0.6" }],
    ["outside of the cluster", INTERNET],
  ];
  it.each(strangers)("%s reaches no part on any port", (_where, from) => {
    for (const to of PARTS) for (const port of Object.values(PORT)) expect(can(from, podOf(recording, to), port), `${to}:${port}`).toBe(false);
  });
  it("in the namespace is reached by no part, and gets nowhere but to the names", () => {
    const [, stranger] = strangers[0]!;
    for (const from of PARTS) expect(can(podOf(recording, from), stranger, 80)).toBe(false);
    expect([can(stranger, INTERNET, 443), can(stranger, NAMES, 53, "UDP")]).toEqual([false, true]);
  });
});

describe("out of the stack", () => {
  it("every part asks for names, by both protocols", () => {
    for (const part of PARTS) for (const protocol of ["TCP", "UDP"] as const) expect(can(podOf(recording, part), NAMES, 53, protocol), part).toBe(true);
  });
  it("no part reaches a node or a cloud's credentials, and the pair controller alone the API server", async () => {
    const api = { ip: "10.96.0.1" };
    for (const part of PARTS) for (const port of part === "pair-controller" ? [80] : [80, 443]) expect(can(podOf(recording, part), METADATA, port), `${part}:${port}`).toBe(false);
    for (const part of ["run"] as const) expect(can(podOf(recording, part), api, 443), part).toBe(false);
    for (const part of PARTS) expect(can(podOf(recording, part), NODE, 10250), part).toBe(false);
    // Where model and task app are the stack's own, no part but one gets to the API server's port at all.
    const reach = (port: number) => way({ ...env(twoKeys), cluster: { identifier: "c", apiPorts: [6443, 8443] } }, port, "local");
    expect([await reach(443), await reach(8443)]).toEqual([[], ["pair-controller"]]);
  });
  const way = async (change: Record<string, unknown>, port = 443, stack: "dev" | "local" = "dev") => {
    const changed = await recordStack(stack, change);
    const inside = worldOf(changed);
    return PARTS.filter((part) => isAllowed(inside, { from: podOf(changed, part, `rewardlab-${stack}`), to: INTERNET, port }));
  };
  const [twoKeys, threeKeys] = [{ ...SENTINELS, OPENAI_API_KEY: undefined! }, SENTINELS];
  const env = (keys: Record<string, string>) => ({ envFile: envFile(JSON.parse(JSON.stringify(keys)) as Record<string, string>) });

  it("server and trainer reach a hub that the model comes from, and nothing where it is a folder of the node", async () => {
    expect(await way(env(twoKeys))).toEqual(["vllm", "trainer", "pair-controller"]);
    expect(await way(env(twoKeys), 443, "local")).toEqual(["pair-controller"]);
  });
  it("the task app reaches a provider of models whose key it has", async () => expect(await way(env(threeKeys))).toContain("task-app"));
  it("runs reach a task app elsewhere by its port, in whatever namespace", async () => {
    const elsewhere = { ...env(twoKeys), taskUrl: "http://task-app.games.svc:8123" };
    expect(await way(elsewhere, 8123)).toEqual(["run"]);
    const changed = await recordStack("dev", elsewhere);
    expect(isAllowed(worldOf(changed), { from: podOf(changed, "run"), to: { namespace: "games", labels: {} }, port: 8123 })).toBe(true);
    expect(await way(env(twoKeys), 8123)).toEqual([]);
  });
});

it("every pod waits for the walls", () => {
  const servers = ["rewardlab:app:TaskApp", "rewardlab:serving:VllmServer", "rewardlab:training:LoraTrainer", "rewardlab:runs:RewardJob", "rewardlab:gpu:PairController"];
  for (const { name, dependsOn } of servers.flatMap(recording.of)) expect(dependsOn, name).toContain("rewardlab:cluster:Network network");
});
