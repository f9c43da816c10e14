import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { beforeAll, describe, expect, it } from "vitest";
import { runBudget } from "../images/runner/src/runBudget.ts";
import { runSpec } from "../images/runner/src/runSpec.ts";
import { shapeOf } from "../components/schema/fields.ts";
import { stackSettings } from "../components/settings/schema.ts";
import { violationsOf } from "../policy/rules.ts";
import { inClear, type Recording, type Registered, revealed } from "./record.ts";
import { EMBEDDED_OVERLAY, envFile, recordStack, SENTINELS } from "./stacks.ts";

const root = join(import.meta.dirname, "..");
const RUNS = ["crafter-rl-outcome", "crafter-rl-stepwise-simple", "crafter-rl-stepwise-shaped"];
const RUNS_OF_DEV = RUNS.map((name) => `configs/${name.replaceAll("-", "_")}.toml`);
const DEPLOYMENT = "kubernetes:apps/v1:Deployment";
const CONFIG_MAP = "kubernetes:core/v1:ConfigMap";
const JOB = "kubernetes:batch/v1:Job";

const recordings: Record<string, Recording> = {};
beforeAll(async () => {
  for (const stack of ["dev", "local"] as const) recordings[stack] = await recordStack(stack);
});

/** Pod specs of everything that makes pods, by the name of what makes them. */
function pods(recording: Recording): [name: string, pod: any][] {
  return [...recording.of(DEPLOYMENT), ...recording.of(JOB)].map(({ name, inputs }) => [name, inputs["spec"].template.spec]);
}
/** An object of the results, which a teardown leaves. */
const isKept = (inputs: Record<string, any>) => [inputs["metadata"]?.name, inputs["metadata"]?.namespace].some((name) => String(name).startsWith("results-rewardlab-"));
/** The specs of the runs, as the runner reads them. */
const specsOf = ({ of }: Recording) => of(CONFIG_MAP).flatMap(({ inputs }) => (inputs["data"]?.["run.json"] ? [runSpec.parse(JSON.parse(inputs["data"]["run.json"]))] : []));
const plain = ({ type, name, inputs }: Registered) => ({ type, name, inputs: inClear(inputs) });

describe.each(["dev", "local"])("the program of stack %s", (stack) => {
  it("registers no two resources of one type and name", () => {
    const names = recordings[stack]!.resources.map(({ type, name }) => `${type} ${name}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it("puts every resource but providers and components under a component, named after it", () => {
    for (const { type, name, component, parent } of recordings[stack]!.resources) {
      if (component || type.startsWith("pulumi:")) continue;
      expect(parent?.type, `${type} ${name}`).toMatch(/^rewardlab:[a-z]+:[A-Z]/);
      expect(name.startsWith(parent!.name), `${name} under ${parent!.name}`).toBe(true);
    }
  });

  it("gives a provider of its own to every resource", () => {
    for (const { type, component, provider, name, read, inputs } of recordings[stack]!.resources) {
      if (component || type.startsWith("pulumi:")) continue;
      const own = type.startsWith("docker:") ? "docker::docker" : `kubernetes::${read ? "look" : isKept(inputs) ? "kept" : "cluster"}`;
      expect(provider, `${type} ${name}`).toContain(`pulumi:providers:${own}::`);
    }
  });

  it("holds no secret but in the one Secret, wrapped", () => {
    const { resources, outputs, one } = recordings[stack]!;
    const clear = JSON.stringify([resources.map(plain), outputs]);
    for (const [key, value] of Object.entries(SENTINELS)) {
      expect(clear.includes(value), key).toBe(false);
      expect(clear.includes(Buffer.from(value).toString("base64")), key).toBe(false);
    }
    expect(JSON.stringify(one("kubernetes:core/v1:Secret", "env-secret").inputs)).toContain(SENTINELS.SYNTH_API_KEY);
  });

  it("gives components no inputs, since the engine would keep them in clear", () => {
    for (const { inputs, component } of recordings[stack]!.resources) if (component) expect(inputs).toEqual({});
  });

  it("is the same program when it runs again", async () => {
    const again = await recordStack(stack as "dev" | "local");
    expect(again.resources.map(plain)).toEqual(recordings[stack]!.resources.map(plain));
  });

  it("runs every pod as user 1000, without privileges, on a root file system that nobody writes", () => {
    for (const [name, pod] of pods(recordings[stack]!)) {
      expect(pod.securityContext, name).toMatchObject({ runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, seccompProfile: { type: "RuntimeDefault" } });
      // The one that gives GPUs away speaks to the API server; no other pod has a token.
      expect(pod.automountServiceAccountToken, name).toBe(name === "pair-controller-deployment");
      for (const container of [...(pod.initContainers ?? []), ...pod.containers].filter((each) => each.name !== "give-folders")) {
        expect(container.securityContext, name).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } });
      }
    }
  });

  it("lets root nowhere but where a node's folder is given away, with that one capability", () => {
    const inits = pods(recordings[stack]!).flatMap(([, pod]) => pod.initContainers ?? []).filter(({ name }) => name !== "preflight");
    expect(inits.length).toBeGreaterThan(0);
    for (const container of inits) {
      expect(container.command[0]).toBe("chown");
      expect(container.securityContext).toMatchObject({ runAsUser: 0, allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"], add: ["CHOWN"] } });
    }
  });

  it("asks for memory and cores in every container", () => {
    for (const [name, pod] of pods(recordings[stack]!)) for (const container of [...(pod.initContainers ?? []), ...pod.containers]) {
      expect(container.resources, name).toMatchObject({ requests: { cpu: expect.any(String), memory: expect.any(String) }, limits: { memory: expect.any(String) } });
    }
  });

  it("takes every image by digest", () => {
    for (const [name, pod] of pods(recordings[stack]!)) for (const { image } of [...(pod.initContainers ?? []), ...pod.containers]) {
      expect(image, name).toMatch(/@sha256:[0-9a-f]{64}$/);
    }
  });

  it("labels every object of the cluster with its stack", () => {
    for (const { type, name, inputs, read } of recordings[stack]!.resources) {
      if (!type.startsWith("kubernetes:") || type.endsWith("NodePatch") || read) continue;
      expect(inputs["metadata"].labels, `${type} ${name}`).toMatchObject({ "app.kubernetes.io/managed-by": "rewardlab", "rewardlab.dev/stack": stack });
    }
  });

  it("deletes nothing in the namespace one by one, and the nodes' labels not with it", () => {
    for (const { type, name, inputs, deletedWith, read } of recordings[stack]!.resources) {
      if (!type.startsWith("kubernetes:") || read || isKept(inputs)) continue;
      expect(deletedWith !== undefined, `${type} ${name}`).toBe(inputs["metadata"].namespace !== undefined);
    }
  });

  it("makes one Job a config, with a spec that the runner accepts", () => {
    const recording = recordings[stack]!;
    expect(recording.of(JOB).map(({ name }) => name)).toEqual(RUNS);
    const specs = specsOf(recording);
    expect(specs.map(({ name }) => name)).toEqual(RUNS);
    for (const spec of specs) expect(spec.endpoints).toEqual({ taskApp: "http://task-app:8001", vllm: "http://pair-0-vllm:8000", trainer: "http://pair-0-trainer:8002" });
  });

  it("starts runs when their servers are up, pairs when their gate has its keeper, and neither member of a pair after the other, since they are scheduled together", () => {
    const { of } = recordings[stack]!;
    for (const { dependsOn } of of("rewardlab:runs:RewardJob")) {
      expect(dependsOn).toEqual(["rewardlab:cluster:Network network", "rewardlab:cluster:EnvSecret env", "rewardlab:app:TaskApp task-app",
        "rewardlab:serving:VllmServer pair-0-vllm", "rewardlab:training:LoraTrainer pair-0-trainer", ...(stack === "dev" ? ["rewardlab:results:Store results"] : [])]);
    }
    for (const { dependsOn } of [...of("rewardlab:serving:VllmServer"), ...of("rewardlab:training:LoraTrainer")]) {
      expect(dependsOn).toEqual(["rewardlab:gpu:NodePool gpus", "rewardlab:cluster:Network network", "rewardlab:cluster:EnvSecret env",
        "rewardlab:gpu:PairClaims pair-0", "rewardlab:gpu:PairController pair-controller", ...(stack === "dev" ? ["rewardlab:gpu:Preflight preflight"] : [])]);
    }
  });

  it("says in its outputs where everything is and what to do next", () => {
    expect(recordings[stack]!.outputs).toMatchObject({
      namespace: `rewardlab-${stack}`, taskAppUrl: "http://task-app:8001",
      pairs: { "pair-0": { vllmUrl: "http://pair-0-vllm:8000", trainerUrl: "http://pair-0-trainer:8002" } },
      jobs: Object.fromEntries(RUNS.map((run) => [run, `${run}-0123abcd`])),
      next: { logs: `npx rewardlab logs --stack ${stack} --run-name crafter-rl-outcome` },
    });
  });
});

describe("a change", () => {
  const experiments = RUNS.map((name) => ({ config: `configs/${name.replaceAll("-", "_")}.toml` }));
  const differing = async (change: Record<string, unknown>) => {
    const changed = await recordStack("dev", change);
    const before = recordings["dev"]!.resources.map(plain);
    return changed.resources.map(plain).filter((resource, index) => JSON.stringify(resource) !== JSON.stringify(before[index])).map(({ type, name }) => `${type} ${name}`);
  };

  it("of one TOML changes its own ConfigMap and Job and nothing else", async () => {
    const changed = readFileSync(join(root, experiments[1]!.config), "utf8").replace("step_rewards_indicator_lambda = 1.0", "step_rewards_indicator_lambda = 2.0");
    const folder = mkdtempSync(join(tmpdir(), "rewardlab-config-"));
    const path = join(folder, "crafter_rl_stepwise_simple.toml");
    writeFileSync(path, changed);
    const differences = await differing({ experiments: [experiments[0], { config: path }, experiments[2]] });
    rmSync(folder, { recursive: true });
    expect(differences).toEqual(["kubernetes:core/v1:ConfigMap crafter-rl-stepwise-simple-spec", "kubernetes:batch/v1:Job crafter-rl-stepwise-simple"]);
  });

  it("of one attempt changes its own ConfigMap and Job's trigger and nothing else", async () => {
    const changed = await recordStack("dev", { experiments: [experiments[0], experiments[1], { ...experiments[2], attempt: 2 }] });
    expect(changed.of(JOB).map(({ options }) => options.replacementTrigger)).toEqual([1, 1, 2]);
  });

  it("of a secret changes the Secret and no other object", async () => {
    const change = { envFile: envFile({ ...SENTINELS, SYNTH_API_KEY: "sentinel-rotated" }) };
    expect(await differing(change)).toEqual([]);
    const secret = (await recordStack("dev", change)).one("kubernetes:core/v1:Secret", "env-secret");
    expect(JSON.stringify(secret.inputs)).toContain("sentinel-rotated");
  });

  it("of the placement gives each experiment its own pair, where the pool has room", async () => {
    const recording = await recordStack("dev", { placement: "dedicated", gpu: { nodeCount: 3 } });
    const { of } = recording;
    expect(of("rewardlab:serving:VllmServer").map(({ name }) => name)).toEqual(["pair-0-vllm", "pair-1-vllm", "pair-2-vllm"]);
    expect(specsOf(recording).map(({ endpoints }) => endpoints.vllm)).toEqual([0, 1, 2].map((pair) => `http://pair-${pair}-vllm:8000`));
  });
});

describe("more pairs than the pool has room for", () => {
  const podSpecOf = ({ one }: Recording, name: string) => one(DEPLOYMENT, `${name}-deployment`).inputs["spec"].template.spec;
  const isAwaited = ({ one }: Recording, name: string) => one(DEPLOYMENT, `${name}-deployment`).inputs["metadata"].annotations?.["pulumi.com/skipAwait"] !== "true";
  const MEMBERS = ["pair-0-vllm", "pair-0-trainer", "pair-1-vllm", "pair-1-trainer", "pair-2-vllm", "pair-2-trainer"];

  it("wait at a gate, both members of a pair, and no update waits for them", async () => {
    const recording = await recordStack("dev", { placement: "dedicated" });
    expect(MEMBERS.filter((name) => podSpecOf(recording, name).schedulingGates)).toEqual(MEMBERS.slice(2));
    expect(MEMBERS.filter((name) => isAwaited(recording, name))).toEqual(MEMBERS.slice(0, 2));
    expect(recording.of(JOB).map(({ inputs }) => inputs["metadata"].labels["rewardlab.dev/pair"])).toEqual(["pair-0", "pair-1", "pair-2"]);
  });

  it("are the same pods in a pool that has grown, so that none of them is started anew", async () => {
    const [small, large] = [await recordStack("dev", { placement: "dedicated" }), await recordStack("dev", { placement: "dedicated", gpu: { nodeCount: 3 } })];
    for (const name of MEMBERS) expect(podSpecOf(large, name)).toEqual(podSpecOf(small, name));
    expect(MEMBERS.every((name) => isAwaited(large, name))).toBe(true);
  });

  it("are quoted with all their turns, and refused where the budget is not enough for them", async () => {
    const { outputs } = await recordStack("dev", { placement: "dedicated", gpu: { nodeCount: 2 } });
    expect(outputs.quote).toMatchObject({ nodes: 2, waves: 2, nodeHours: (2 * (2 * (45 + 240) + 2 + 15)) / 60 });
    const short = recordStack("dev", { placement: "dedicated", budget: { maxHours: 3, iterationMinutes: 9 } }).then(() => "accepted", (error: Error) => error.message);
    expect(await short).toMatch(/budget\.maxHours: leaves 8 minutes for runs beside 45 for the servers' start in each of 3 turns .*: less than one iteration of 9 minutes\. Raise budget\.maxHours, or gpu\.nodeCount/);
  });

  it.each([[undefined], [{ kueue: { clusterQueue: "gpus" } }]])("meet no rule of the policies that is against them, with the queue %j", async (queue) => {
    const { resources } = await recordStack("dev", { placement: "dedicated", queue });
    expect(violationsOf(resources.filter(({ read }) => !read).map(({ type, name, inputs }) => ({ type, name, props: revealed(inputs) })))).toEqual([]);
  });
});

describe("a queue of Kueue's", () => {
  it("has both members of a pair as one group, which waits at no gate of ours, and no update waits for it", async () => {
    const { of, one } = await recordStack("dev", { placement: "dedicated", gpu: { nodeCount: 3 }, queue: { kueue: { clusterQueue: "gpus" } } });
    const templates = of(DEPLOYMENT).filter(({ name }) => /^pair-\d/.test(name)).map(({ inputs }) => inputs["spec"].template);
    expect(templates.map(({ metadata }) => metadata.labels["kueue.x-k8s.io/pod-group-name"])).toEqual(["pair-0", "pair-0", "pair-1", "pair-1", "pair-2", "pair-2"]);
    for (const { metadata, spec } of templates) {
      expect(metadata.labels["kueue.x-k8s.io/queue-name"]).toBe("rewardlab");
      expect(metadata.annotations).toEqual({ "kueue.x-k8s.io/pod-group-total-count": "2", "kueue.x-k8s.io/pod-group-serving": "true" });
      expect(spec.schedulingGates).toBeUndefined();
    }
    expect(of(DEPLOYMENT).filter(({ inputs }) => inputs["metadata"].annotations?.["pulumi.com/skipAwait"]).length).toBe(6);
    expect(one("kubernetes:kueue.x-k8s.io/v1beta2:LocalQueue").inputs).toMatchObject({ metadata: { name: "rewardlab", namespace: "rewardlab-dev" }, spec: { clusterQueue: "gpus" } });
    const settings = JSON.parse(one(DEPLOYMENT, "pair-controller-deployment").inputs["spec"].template.spec.containers[0].env.find(({ name }: any) => name === "CONTROLLER_SETTINGS").value);
    expect(settings.nodes).toBeNull();
  });
});

describe("a sweep of six lines", () => {
  const sweep = { config: "configs/crafter_rl_outcome.toml", name: "outcome", matrix: { seed: [1, 2, 3], learningRate: [1e-5, 5e-5] } };

  it("is a Job for every combination, each with its own values", async () => {
    const recording = await recordStack("dev", { experiments: [sweep] });
    const specs = specsOf(recording);
    expect(recording.of(JOB).map(({ name }) => name)).toEqual([1, 2, 3].flatMap((seed) => [`outcome-seed${seed}-lr1e-5`, `outcome-seed${seed}-lr5e-5`]));
    expect(specs.map(({ seed: _, training: { learningRate } }) => learningRate)).toEqual([1e-5, 5e-5, 1e-5, 5e-5, 1e-5, 5e-5]);
    expect(new Set(specs.map(({ config }) => config.sha256)).size).toBe(6);
  });

  it("beside other experiments changes none of them, and a value more none of its own", async () => {
    const jobs = async (change: Record<string, unknown>) => new Map((await recordStack("dev", change)).of(JOB).map(({ name, inputs }) => [name, inputs]));
    const [alone, with1, with2] = [await jobs({}), await jobs({ experiments: [...RUNS_OF_DEV, { ...sweep, matrix: { seed: [1] } }] }),
      await jobs({ experiments: [...RUNS_OF_DEV, { ...sweep, matrix: { seed: [1, 2] } }] })];
    for (const [name, inputs] of alone) expect(with1.get(name)).toEqual(inputs);
    for (const [name, inputs] of with1) expect(with2.get(name)).toEqual(inputs);
    expect([...with2.keys()].slice(3)).toEqual(["outcome-seed1", "outcome-seed2"]);
  });

  it("sets its reward weights achievement by achievement, over the file's", async () => {
    const shaped = { config: "configs/crafter_rl_stepwise_shaped.toml", overrides: { rewardWeights: { collect_wood: 9 } } };
    const weightsOf = async (experiment: unknown) => specsOf(await recordStack("dev", { experiments: [experiment] }))[0]!.reward.weights;
    expect(await weightsOf(shaped)).toEqual({ ...await weightsOf(shaped.config), collect_wood: 9 });
  });

  it("is refused where it changes nothing, or where a key is wrong, with its place", async () => {
    const refusal = (experiment: unknown) => recordStack("dev", { experiments: [experiment] }).then(() => "accepted", (error: Error) => error.message);
    expect(await refusal({ ...sweep, matrix: { indicatorLambda: [1, 2] } })).toMatch(/^1 problem in .*\n.*Pulumi\.dev\.yaml experiments\.0: sets indicatorLambda, which has no effect/);
    expect(await refusal({ ...sweep, matrix: { seeds: [1, 2] } })).toMatch(/experiments\.0\.matrix\.seeds: is not a known key\. Did you mean experiments\.0\.matrix\.seed\?/);
    expect(await refusal({ ...sweep, overrides: { seed: "one" } })).toMatch(/experiments\.0\.overrides\.seed: is "one", but must be a/);
  });
});

describe("the quote", () => {
  const prices = { date: "2026-11-23", currency: "USD", source: "a list", nodeHour: 12 };

  it("is an output, with a sum where there are prices, and every run ends by it", async () => {
    const { outputs, of } = await recordStack("dev", { prices, budget: { maxDollars: 24, iterationMinutes: 2 } });
    expect(outputs.quote).toMatchObject({ prices, nodes: 1, nodeHours: 2, cap: 24, deadline: { runMinutes: 60, nodeMinutes: 120, limit: "budget.maxDollars" } });
    expect(outputs.quote.experiments.map(({ name }: { name: string }) => name)).toEqual(RUNS);
    expect(of(JOB).map(({ inputs }) => inputs["spec"].activeDeadlineSeconds)).toEqual([3600, 3600, 3600]);
    const budget = of(CONFIG_MAP).find(({ name }) => name === "budget-config")!.inputs["data"]["budget.json"];
    expect(runBudget.parse(JSON.parse(budget))).toEqual({ version: 1, seconds: 3600, limit: "budget.maxDollars" });
    expect(recordings["dev"]!.outputs.quote).toMatchObject({ prices: null, cap: null, nodeHours: 5 });
  });

  it("changes no Job but its deadline when the budget changes, so that no run is trained again", async () => {
    const inputs = async (maxHours: number) => {
      const { resources } = await recordStack("dev", { budget: { maxHours, iterationMinutes: 2 } });
      // The namespace says the quote, which the bill is held against; the budget's own ConfigMap reaches the runs as they go on.
      return resources.filter(({ type, name }) => !type.endsWith(":Namespace") && name !== "budget-config").map(({ type, name, inputs }) => inClear([type, name, type === JOB ? { ...inputs, spec: { ...inputs["spec"], activeDeadlineSeconds: 0 } } : inputs]));
    };
    expect(await inputs(2)).toEqual(await inputs(3));
  });

  it("is refused, with all else that is wrong, where it would end before one iteration or has no day", async () => {
    const refusal = (change: Record<string, unknown>) => recordStack("dev", change).then(() => "accepted", (error: Error) => error.message);
    expect(await refusal({ budget: { maxHours: 1.03, iterationMinutes: 2 }, vllm: { maxSlots: 6 } }))
      .toMatch(/^2 problems[^]*Pulumi\.dev\.yaml budget\.maxHours: leaves 1 minutes for runs[^]*Raise budget\.maxHours/);
    expect(await refusal({ prices: { ...prices, date: undefined } })).toMatch(/Pulumi\.dev\.yaml prices\.date: is missing/);
  });
});

describe("bad input", () => {
  const refusal = (change: Record<string, unknown>, stack: "dev" | "local" = "dev") =>
    recordStack(stack, change).then(() => "accepted", (error: Error) => error.message);

  it("of several files is told at once, and nothing is registered", async () => {
    const message = await refusal({ envFile: "/nonexistent/.env", experiments: [{ config: "configs/missing.toml" }, { config: "package.json" }] });
    expect(message).toMatch(/3 problems/);
    expect(message).toMatch(/\/nonexistent\/\.env: does not exist\. Copy \.env\.example/);
    expect(message).toMatch(/configs\/missing\.toml: does not exist/);
    expect(message).toMatch(/package\.json:1:\d+: is not TOML/);
  });

  it("in the settings is told with the stack file, the key and the nearest known one", async () => {
    expect(await refusal({ vllm: { maxNumSeq: 3 } })).toMatch(/Pulumi\.dev\.yaml vllm\.maxNumSeq: is not a known key\. Did you mean vllm\.maxNumSeqs\?/);
    expect(await refusal({ vllm: { args: ["--max-loras=2"] } })).toMatch(/vllm\.args: holds --max-loras, which follows from the other settings/);
    expect(await refusal({ images: { vllm: { reference: "vllm/vllm-openai:latest" } } })).toMatch(/images\.vllm/);
    expect(await refusal({ trainer: { env: { HF_TOKEN: "x" } } })).toMatch(/write it into the env file/);
  });

  it("of more runs on a server than it has adapters for is refused with what would fit", async () => {
    expect(await refusal({ vllm: { maxSlots: 6 } })).toMatch(/needs 9 adapter slots; vllm\.maxSlots is 6\. Write placement: \{ perPair: 2 \}/);
  });

  it("of an embedded stack without its command line is told what is missing", async () => {
    const { cluster: _, ...rest } = EMBEDDED_OVERLAY;
    expect(await refusal({ ...rest, cluster: {} }, "local")).toMatch(/Pulumi\.local\.yaml cluster\.identifier: is missing/);
  });
});

describe("index.ts", () => {
  it("has a default export and no other, since Pulumi takes named ones for outputs", async () => {
    expect(Object.keys(await import("../index.ts"))).toEqual(["default"]);
  });

  it("is read in one sitting", () => {
    expect(readFileSync(join(root, "index.ts"), "utf8").split("\n").length).toBeLessThan(80);
  });
});

describe("Pulumi.dev.yaml", () => {
  it("shows every setting that there is", () => {
    const text = readFileSync(join(root, "Pulumi.dev.yaml"), "utf8");
    expect(leaves(stackSettings).filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
  });
});

/** Names of all settings, tables included. */
function leaves(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) return leaves(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodArray) return leaves(schema.element as z.ZodType);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => leaves(option as z.ZodType));
  return Object.entries(shapeOf(schema) ?? {}).flatMap(([name, inner]) => [name, ...leaves(inner)]);
}
