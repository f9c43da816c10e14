import { beforeAll, expect, it } from "vitest";
import { LoraTrainer } from "../components/loraTrainer.ts";
import { VllmServer } from "../components/vllmServer.ts";
import { envOf, folderModel, hubModel, placesOf, server } from "./fixtures.ts";
import { record, type Recording } from "./record.ts";

const args = { ...server, env: { GRADIENT_CHECKPOINTING: "on" } };
const DEPLOYMENT = "kubernetes:apps/v1:Deployment";
const podOf = ({ one }: Recording, name: string) => one(DEPLOYMENT, name).inputs["spec"].template.spec;

let recording: Recording;
beforeAll(async () => {
  recording = await record(async () => ({
    url: new LoraTrainer("pair-0-trainer", { ...args, model: hubModel }).url,
    vllm: new VllmServer("pair-0-vllm", { ...server, model: hubModel, slots: { maxLoras: 3, maxCpuLoras: 6 }, maxLoraRank: 16, maxNumSeqs: 8, args: [] }).url,
  }));
});

it("is a Deployment and a Service under one component", () => {
  const own = recording.resources.filter(({ name }) => name.startsWith("pair-0-trainer"));
  expect(own.map(({ type }) => type.split(":").at(-1))).toEqual(["LoraTrainer", "Deployment", "Service"]);
  expect(recording.outputs.url).toBe("http://pair-0-trainer:8002");
});

it("writes the very folder that its server reads, under the same path", () => {
  const trainer = placesOf(podOf(recording, "pair-0-trainer-deployment"))["/adapters"];
  const vllm = placesOf(podOf(recording, "pair-0-vllm-deployment"))["/adapters"];
  expect([trainer.readOnly, vllm.readOnly]).toEqual([false, true]);
  expect(trainer.hostPath).toEqual(vllm.hostPath);
});

it("gets the folders that it writes given to it first, by a container that may change owners and nothing else", () => {
  const [, init] = podOf(recording, "pair-0-trainer-deployment").initContainers;
  expect(init.command).toEqual(["chown", "1000:1000", "/adapters", "/models/cache"]);
  expect(init.securityContext.capabilities).toEqual({ drop: ["ALL"], add: ["CHOWN"] });
});

it("gets its settings in clear and its key by reference", () => {
  expect(envOf(podOf(recording, "pair-0-trainer-deployment").containers[0])).toMatchObject({
    MODEL: "Qwen/Qwen3-4B", ADAPTERS_DIR: "/adapters", DEVICE: "cuda", DTYPE: "bfloat16", PORT: "8002", GRADIENT_CHECKPOINTING: "on",
    TRAINER_API_KEY: { secretKeyRef: { name: "rewardlab-env", key: "SYNTH_API_KEY" } },
  });
});

it("is alive when its process is, and ready when its model is loaded", () => {
  const [container] = podOf(recording, "pair-0-trainer-deployment").containers;
  expect([container.livenessProbe.httpGet.path, container.startupProbe.httpGet.path, container.readinessProbe.httpGet.path]).toEqual(["/health", "/ready", "/ready"]);
});

it("takes a model from a folder of the node without writing to it", async () => {
  const local = await record(async () => void new LoraTrainer("pair-0-trainer", { ...args, model: folderModel, device: "cpu" }));
  const pod = podOf(local, "pair-0-trainer-deployment");
  expect(envOf(pod.containers[0])["MODEL"]).toBe("/models/base");
  expect(pod.initContainers[0].command).toEqual(["chown", "1000:1000", "/adapters"]);
});
