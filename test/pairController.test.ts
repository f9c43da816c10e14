import { beforeAll, expect, it } from "vitest";
import { controllerSettings } from "../images/pair-controller/src/settings.ts";
import { PairController } from "../components/pairController.ts";
import { DIGEST, envOf, pool } from "./fixtures.ts";
import { record, type Recording } from "./record.ts";
import { recordStack } from "./stacks.ts";

const args = { stack: "dev", namespace: "rewardlab-dev", image: DIGEST, pool, pairs: [{ name: "pair-0" }, { name: "pair-1" }], nodeCount: 2, startMinutes: 45 };
let recording: Recording;
beforeAll(async () => { recording = await record(async () => void new PairController("pair-controller", args)); });

const podOf = ({ one }: Recording) => one("kubernetes:apps/v1:Deployment", "pair-controller-deployment").inputs["spec"].template.spec;

it("may look at pods, Jobs and Deployments of its namespace, open gates and suspend Jobs, and size its own pairs and nothing else", () => {
  const { rules } = recording.one("kubernetes:rbac.authorization.k8s.io/v1:Role").inputs;
  expect(rules.map(({ resources, verbs }: any) => `${resources}: ${verbs}`)).toEqual([
    "pods: get,list,patch", "jobs: list,patch", "deployments: list", "deployments/scale: patch", "configmaps: get,patch",
  ]);
  expect(rules[3].resourceNames).toEqual(["pair-0-vllm", "pair-0-trainer", "pair-1-vllm", "pair-1-trainer"]);
  expect(rules[4].resourceNames).toEqual(["rewardlab-gpu-ledger"]);
  expect(recording.of("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole")).toEqual([]);
});

it("alone has a token, by an account that gives none to any other pod", () => {
  const account = recording.one("kubernetes:core/v1:ServiceAccount").inputs;
  const { subjects, roleRef } = recording.one("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding").inputs as any;
  expect(account["automountServiceAccountToken"]).toBe(false);
  expect([subjects, roleRef.name]).toEqual([[{ kind: "ServiceAccount", name: "pair-controller", namespace: "rewardlab-dev" }], "pair-controller"]);
  expect(podOf(recording)).toMatchObject({ serviceAccountName: "pair-controller", automountServiceAccountToken: true });
});

it("gets settings that its program accepts, and asks for no GPU and no secret", () => {
  const [container] = podOf(recording).containers;
  const settings = controllerSettings.parse(JSON.parse(envOf(container)["CONTROLLER_SETTINGS"]));
  expect(settings).toMatchObject({ namespace: "rewardlab-dev", nodes: 2, startSeconds: 2700, gate: "rewardlab.dev/turn" });
  expect(Object.keys(container.resources.limits)).toEqual(["memory"]);
  expect(JSON.stringify(podOf(recording))).not.toContain("secretKeyRef");
});

it("writes its ledger into a ConfigMap whose content no update touches", () => {
  expect(recording.one("kubernetes:core/v1:ConfigMap").inputs).toMatchObject({ metadata: { name: "rewardlab-gpu-ledger" } });
  expect(recording.one("kubernetes:core/v1:ConfigMap").inputs["data"]).toBeUndefined();
});

it("is the only one to say how many pods a pair has and whether a Job is suspended: the program says neither", async () => {
  const { of } = await recordStack("dev");
  for (const { name, inputs } of of("kubernetes:apps/v1:Deployment")) expect(inputs["spec"], name).not.toHaveProperty("replicas");
  for (const { name, inputs } of of("kubernetes:batch/v1:Job")) {
    expect(inputs["spec"], name).not.toHaveProperty("suspend");
    expect(inputs["spec"].template.spec.schedulingGates, name).toEqual([{ name: "rewardlab.dev/turn" }]);
  }
});
