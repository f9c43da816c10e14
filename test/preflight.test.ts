import { beforeAll, expect, it } from "vitest";
import { readProgram } from "../components/settings.ts";
import program from "../index.ts";
import { envOf, placesOf } from "./fixtures.ts";
import { POOLS } from "./pools.ts";
import { record, type Recording } from "./record.ts";
import { envFile, recordStack, stackConfig } from "./stacks.ts";

/** What looks at a GPU before a server starts on it; the program itself is tested in images/preflight/. */
let dev: Recording;
beforeAll(async () => { dev = await recordStack("dev"); });

const podOf = ({ one }: Recording, member: string) => one("kubernetes:apps/v1:Deployment", `pair-0-${member}-deployment`).inputs["spec"].template.spec;

it.each(["vllm", "trainer"])("comes first in the %s's pod: in its image, on its GPU, as its user, within its memory", (member) => {
  const { initContainers: [first], containers: [main] } = podOf(dev, member);
  expect([first.name, first.image]).toEqual(["preflight", main.image]);
  expect(first.resources).toEqual(main.resources);
  expect(first.resources.limits["nvidia.com/gpu"]).toBe("1");
  expect(first.securityContext).toEqual(main.securityContext);
  expect(envOf(first)).toEqual({ HOME: "/home/rewardlab", USER: "rewardlab", LOGNAME: "rewardlab" });
});

it("is the project's program, mounted from the stack's ConfigMap", () => {
  const pod = podOf(dev, "vllm");
  const [first] = pod.initContainers;
  const { configMap } = placesOf(pod, first)["/preflight"];
  const { inputs } = dev.one("kubernetes:core/v1:ConfigMap", "preflight-program");
  expect([inputs["metadata"].name, inputs["metadata"].namespace]).toEqual([configMap.name, "rewardlab-dev"]);
  expect(first.command).toEqual(["python3", `/preflight/${Object.keys(inputs["data"])[0]}`]);
  expect(Object.values(inputs["data"])).toEqual([readProgram("images/preflight/preflight.py")]);
});

it("takes the cards of the pool, and a rate; what it says of a GPU that will not do is the container's message", () => {
  const [first] = podOf(dev, "trainer").initContainers;
  expect(first.args).toEqual(["--count=1", "--product=NVIDIA-H100-80GB-HBM3", "--product=NVIDIA-H100-PCIe", "--product=NVIDIA-H100-NVL", "--teraflops=200"]);
  expect(first.terminationMessagePolicy).toBe("FallbackToLogsOnError");
});

it("knows the card of each cloud's machine by the name that torch and GPU feature discovery have for it, and takes another rate", async () => {
  const config = { ...stackConfig("dev"), envFile: envFile(), gpu: { ...POOLS.gke, minTeraflops: 350 } };
  const gke = await record(() => program(), { stack: "dev", config });
  expect(podOf(gke, "vllm").initContainers[0].args).toEqual(["--count=1", "--product=NVIDIA-H100-80GB-HBM3", "--teraflops=350"]);
});

it("has the member's device of the pair's claim, where GPUs are allocated by claims", async () => {
  const dra = await recordStack("dev", { gpu: { allocation: "dra" } });
  expect(podOf(dra, "trainer").initContainers[0].resources.claims).toEqual([{ name: "gpus", request: "trainer" }]);
});

it("is not there where nothing computes on a GPU", async () => {
  const local = await recordStack("local");
  expect(JSON.stringify([podOf(local, "vllm"), podOf(local, "trainer")])).not.toContain("preflight");
  expect(local.resources.filter(({ name }) => name.startsWith("preflight"))).toEqual([]);
});
