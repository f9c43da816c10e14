import { beforeAll, expect, it } from "vitest";
import { RewardJob } from "../components/rewardJob.ts";
import { DIGEST, envOf, placesOf, pool, shippedSpec } from "./fixtures.ts";
import { record, type Recording } from "./record.ts";

const args = { namespace: "rewardlab-dev", pair: "pair-0", image: DIGEST, secret: "rewardlab-env", pool, spec: shippedSpec(), deadlineMinutes: 90, resources: { cpu: "500m", memory: "1Gi" } };
const jobWith = (change: Partial<typeof args>) => record(async () => ({ job: new RewardJob("crafter-rl-outcome", { ...args, ...change }).jobName }));

let recording: Recording;
let job: any;
beforeAll(async () => {
  recording = await jobWith({});
  job = recording.one("kubernetes:batch/v1:Job");
});

it("leaves the names of its Job and ConfigMap to the engine and gives the Job's out", () => {
  expect(job.inputs.metadata.name).toBeUndefined();
  expect(recording.one("kubernetes:core/v1:ConfigMap").inputs["metadata"].name).toBeUndefined();
  expect(recording.outputs).toEqual({ job: "crafter-rl-outcome-0123abcd" });
});

it("is not waited for, is gone before its successor comes, and is replaced by a higher attempt", async () => {
  expect(job.inputs.metadata.annotations["pulumi.com/skipAwait"]).toBe("true");
  expect(job.options).toMatchObject({ deleteBeforeReplace: true, replacementTrigger: 1 });
  const again = await jobWith({ spec: shippedSpec(2) });
  expect(again.one("kubernetes:batch/v1:Job").options.replacementTrigger).toBe(2);
});

it("is never removed by itself, ends at its deadline, and starts no two runners at once", () => {
  expect(job.inputs.spec).toMatchObject({ activeDeadlineSeconds: 5400, backoffLimit: 3, podReplacementPolicy: "Failed" });
  expect(job.inputs.spec.ttlSecondsAfterFinished).toBeUndefined();
  expect(job.inputs.spec.template.spec.restartPolicy).toBe("Never");
});

it("says which pair it runs on, and its pods do not: by that label pods of pairs are found", () => {
  expect(job.inputs.metadata.labels["rewardlab.dev/pair"]).toBe("pair-0");
  expect(job.inputs.spec.template.metadata.labels["rewardlab.dev/pair"]).toBeUndefined();
});

it("fails for good on a failed run or a wrong config, and does not count a disruption", () => {
  expect(job.inputs.spec.podFailurePolicy.rules).toEqual([
    { action: "FailJob", onExitCodes: { containerName: job.inputs.spec.template.spec.containers[0].name, operator: "In", values: [1, 78] } },
    { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
  ]);
});

it("mounts the resolved spec from an immutable ConfigMap", () => {
  const configMap = recording.one("kubernetes:core/v1:ConfigMap");
  expect(configMap.inputs["immutable"]).toBe(true);
  expect(JSON.parse(configMap.inputs["data"]["run.json"])).toEqual(args.spec);
  expect(placesOf(job.inputs.spec.template.spec)["/spec"]).toEqual({ configMap: { name: "crafter-rl-outcome-spec-0123abcd" }, readOnly: true });
  expect(envOf(job.inputs.spec.template.spec.containers[0])["RUN_SPEC_PATH"]).toBe("/spec/run.json");
});

it("mounts the budget of all runs by a name that does not change, whether it is there or not", () => {
  expect(placesOf(job.inputs.spec.template.spec)["/budget"]).toEqual({ configMap: { name: "rewardlab-budget", optional: true }, readOnly: true });
  expect(envOf(job.inputs.spec.template.spec.containers[0])["RUN_BUDGET_PATH"]).toBe("/budget/budget.json");
});

it("gets its keys by reference and its Job's uid, and asks for no GPU", () => {
  const [container] = job.inputs.spec.template.spec.containers;
  expect(envOf(container)).toMatchObject({
    SYNTH_API_KEY: { secretKeyRef: { name: "rewardlab-env", key: "SYNTH_API_KEY" } },
    ENVIRONMENT_API_KEY: { secretKeyRef: { name: "rewardlab-env", key: "ENVIRONMENT_API_KEY" } },
    JOB_UID: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/controller-uid']" } },
  });
  expect(container.resources).toEqual({ requests: { cpu: "500m", memory: "1Gi" }, limits: { memory: "1Gi" } });
});

it("runs on the GPU node only where there is no other", async () => {
  expect(job.inputs.spec.template.spec.tolerations).toBeUndefined();
  const single = await jobWith({ pool: { ...pool, cpuPodsOnGpuNode: true } });
  expect(single.one("kubernetes:batch/v1:Job").inputs["spec"].template.spec.tolerations).toHaveLength(1);
});

it("has nothing in its pod that changes without the run changing", async () => {
  const other = await jobWith({ deadlineMinutes: 30 });
  expect(other.one("kubernetes:batch/v1:Job").inputs["spec"].template).toEqual(job.inputs.spec.template);
});
