import { beforeAll, describe, expect, it } from "vitest";
import { VllmServer } from "../components/vllmServer.ts";
import { envOf, folderModel, hubModel, placesOf, server } from "./fixtures.ts";
import { record, type Recording } from "./record.ts";

const args = { ...server, slots: { maxLoras: 9, maxCpuLoras: 18 }, maxLoraRank: 16, maxNumSeqs: 128, args: ["--gpu-memory-utilization=0.90"] };
const pod = ({ one }: Recording) => one("kubernetes:apps/v1:Deployment").inputs["spec"].template.spec;

describe("a vLLM server with a model from the hub", () => {
  let recording: Recording;
  beforeAll(async () => {
    recording = await record(async () => ({ url: new VllmServer("pair-0-vllm", { ...args, model: hubModel, keys: [...args.keys, "HF_TOKEN"] }).url }));
  });

  it("is a Deployment and a Service under one component", () => {
    expect(recording.resources.map(({ type, name }) => `${type} ${name}`)).toEqual([
      "rewardlab:serving:VllmServer pair-0-vllm", "kubernetes:apps/v1:Deployment pair-0-vllm-deployment",
      "kubernetes:core/v1:Service pair-0-vllm-service",
    ]);
    expect(recording.outputs).toEqual({ url: "http://pair-0-vllm:8000" });
  });

  it("ends its old pod before a new one waits for the GPU, and has 45 minutes to get ready", () => {
    const { inputs, options } = recording.one("kubernetes:apps/v1:Deployment");
    expect(inputs["spec"]).toMatchObject({ strategy: { type: "Recreate" }, progressDeadlineSeconds: 2700 });
    expect(options.customTimeouts).toEqual({ create: "47m", update: "47m" });
    const { startupProbe } = pod(recording).containers[0];
    expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBe(2700);
  });

  it("asks for one GPU of the pool, and for a node with a member of its pair", () => {
    const { nodeSelector, affinity, tolerations, containers } = pod(recording);
    expect(containers[0].resources).toEqual({ requests: { cpu: "2", memory: "8Gi", "nvidia.com/gpu": "1" }, limits: { memory: "8Gi", "nvidia.com/gpu": "1" } });
    expect(nodeSelector).toEqual({ "rewardlab.dev/gpu-pool": "h100x2" });
    expect(tolerations).toEqual([{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }]);
    const [rule] = affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    const { labels } = recording.one("kubernetes:apps/v1:Deployment").inputs["spec"].template.metadata;
    expect(rule.topologyKey).toBe("kubernetes.io/hostname");
    expect(labels).toMatchObject(rule.labelSelector.matchLabels);
    expect(rule.labelSelector.matchExpressions[0].values).toContain(labels["rewardlab.dev/part"]);
  });

  it("refuses a node with another pair in its place, of its own stack or of another one", () => {
    const { affinity } = pod(recording);
    const { labels } = recording.one("kubernetes:apps/v1:Deployment").inputs["spec"].template.metadata;
    const [inStack, ofOthers] = affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    expect(labels).toMatchObject({ "rewardlab.dev/slot": "0", ...inStack.labelSelector.matchLabels });
    expect([inStack.labelSelector.matchExpressions, inStack.namespaceSelector]).toEqual([[{ key: "rewardlab.dev/pair", operator: "NotIn", values: ["pair-0"] }], undefined]);
    expect([ofOthers.labelSelector.matchExpressions, ofOthers.namespaceSelector]).toEqual([[{ key: "rewardlab.dev/stack", operator: "NotIn", values: ["dev"] }], {}]);
  });

  it("gets slots, rank and length as flags, and its key by reference", () => {
    const [container] = pod(recording).containers;
    expect(container.args).toEqual(expect.arrayContaining(["--model=Qwen/Qwen3-4B", "--max-loras=9", "--max-cpu-loras=18", "--max-lora-rank=16",
      "--max-model-len=8192", "--dtype=bfloat16", "--logprobs-mode=raw_logprobs", "--generation-config=vllm", "--gpu-memory-utilization=0.90"]));
    expect(envOf(container)).toMatchObject({
      VLLM_API_KEY: { secretKeyRef: { name: "rewardlab-env", key: "SYNTH_API_KEY" } }, HF_TOKEN: { secretKeyRef: { name: "rewardlab-env", key: "HF_TOKEN" } },
      VLLM_ALLOW_RUNTIME_LORA_UPDATING: "True", HF_HOME: "/models/cache", VLLM_CACHE_ROOT: "/models/cache/vllm",
    });
  });

  it("reads adapters from the pair's folder and keeps its cache on the node", () => {
    expect(placesOf(pod(recording))).toEqual({
      "/tmp": { emptyDir: {}, readOnly: false }, "/home/rewardlab": { emptyDir: {}, readOnly: false },
      "/dev/shm": { emptyDir: { medium: "Memory", sizeLimit: "2Gi" }, readOnly: false },
      "/models/cache": { hostPath: { path: "/var/lib/rewardlab/models", type: "DirectoryOrCreate" }, readOnly: false },
      "/adapters": { hostPath: { path: "/var/lib/rewardlab/rewardlab-dev/pair-0", type: "DirectoryOrCreate" }, readOnly: true },
    });
    expect(pod(recording).initContainers[1].command).toEqual(["chown", "1000:1000", "/models/cache"]);
  });
});

describe("a vLLM server with a model from a folder of the node", () => {
  it("reads it, and asks no hub; without a GPU it writes nothing to the node and has nothing to look at first", async () => {
    const recording = await record(async () => void new VllmServer("pair-0-vllm", { ...args, model: folderModel, device: "cpu" }));
    expect(placesOf(pod(recording))["/models/base"]).toEqual({ hostPath: { path: "/srv/model", type: "Directory" }, readOnly: true });
    expect(pod(recording).initContainers).toBeUndefined();
    expect(envOf(pod(recording).containers[0])).toMatchObject({ HF_HUB_OFFLINE: "1" });
    expect(pod(recording).containers[0].args).toContain("--model=/models/base");
  });

  it("keeps what it compiles for a GPU on the node all the same", async () => {
    const recording = await record(async () => void new VllmServer("pair-0-vllm", { ...args, model: folderModel }));
    expect(envOf(pod(recording).containers[0])).toMatchObject({ HF_HUB_OFFLINE: "1", VLLM_CACHE_ROOT: "/models/cache/vllm" });
    expect(placesOf(pod(recording))["/models/cache"]).toMatchObject({ hostPath: { path: "/var/lib/rewardlab/models" }, readOnly: false });
    expect(pod(recording).initContainers.at(-1).command).toEqual(["chown", "1000:1000", "/models/cache"]);
  });
});
