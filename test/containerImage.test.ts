import { expect, it } from "vitest";
import { ContainerImage, type ContainerImageSource, imageBuilder } from "../components/containerImage.ts";
import { record } from "./record.ts";

const args = { folder: "runner", registry: "127.0.0.1:5000/rewardlab", tag: "local", platform: "linux/amd64", builder: "BuilderV1", network: "host" } as const;
const imageOf = (source: ContainerImageSource) => record(async () => ({ image: new ContainerImage("runner", { ...args, source }).reference }));

it("builds its folder on the given base for one platform and gives the pushed digest out", async () => {
  const { one, outputs } = await imageOf({ base: "127.0.0.1:5000/base:1", buildArgs: { EXTRA: "1" } });
  expect(one("docker:index/image:Image", "runner-image").inputs).toMatchObject({
    imageName: "127.0.0.1:5000/rewardlab/runner:local",
    build: {
      context: "images/runner", dockerfile: "images/runner/Dockerfile", platform: "linux/amd64", builderVersion: "BuilderV1", network: "host",
      args: { BASE_IMAGE: "127.0.0.1:5000/base:1", EXTRA: "1" },
    },
  });
  expect(outputs.image).toMatch(/^127\.0\.0\.1:5000\/rewardlab\/runner@sha256:[0-9a-f]{64}$/);
});

it("pushes, since a kubelet pulls nothing that only an engine has", async () => {
  const { one } = await imageOf({ base: "b:1", buildArgs: {} });
  expect(one("docker:index/image:Image").inputs["skipPush"] ?? false).toBe(false);
});

it("gives a reference through and builds nothing", async () => {
  const { of, outputs } = await imageOf({ reference: "vllm/vllm-openai:v0.26.0" });
  expect([of("docker:index/image:Image").length, outputs.image]).toEqual([0, "vllm/vllm-openai:v0.26.0"]);
});

it("needs an engine only if something is built", async () => {
  const { of } = await record(async () => {
    imageBuilder("none", undefined, [{ reference: "a:1" }]);
    imageBuilder("docker", "unix:///run/engine.sock", [{ reference: "a:1" }, { base: "b:1", buildArgs: {} }]);
  });
  expect(of("pulumi:providers:docker").map(({ name, inputs }) => [name, inputs["host"]])).toEqual([["docker", "unix:///run/engine.sock"]]);
});
