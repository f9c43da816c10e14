import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { folders } from "../components/settings.ts";
import { cleanCluster, startCluster } from "./cluster/cluster.ts";
import { type Kubectl, kubectlFor } from "./cluster/kubectl.ts";
import { layout } from "./cluster/layout.ts";
import { PAUSE_IMAGE } from "./cluster/pauseImage.ts";
import { apply, inPhase, pod } from "./cluster/testing/pods.ts";
import { type OneImageRegistry, oneImageRegistry } from "./cluster/testing/registry.ts";
import { run } from "./command.ts";
import { stopImageServices } from "./images/baseImages.ts";
import { DockerEngine } from "./images/dockerEngine.ts";
import { imagesLayout } from "./images/layout.ts";
import { factsForCheck } from "./overlay.ts";
import { tidyImages } from "./tidyImages.ts";
import { ensureToolchain, type Toolchain } from "./toolchain/toolchain.ts";

/** With caches of its own, so that the user's images are not asked for. */
const folder = mkdtempSync(join(tmpdir(), "rl-tidy-"));
const dirs = { cacheDir: join(folder, "cache"), stateDir: join(folder, "state") };
const said: string[] = [];
const ctx = { progress: (message: string) => void said.push(message), signal: new AbortController().signal };
let toolchain: Toolchain;
let registry: OneImageRegistry;
let kubectl: Kubectl;

beforeAll(async () => {
  toolchain = await ensureToolchain({ cacheDir: folders().cacheDir, ...ctx });
  registry = await oneImageRegistry();
  await startCluster({ ...dirs, toolchain, registryAddress: registry.address, gpus: 2, ...ctx });
  kubectl = kubectlFor(layout(dirs), toolchain);
});
afterAll(async () => {
  await cleanCluster({ ...dirs, ...ctx });
  await stopImageServices(dirs, ctx);
  await registry.close();
  rmSync(folder, { recursive: true });
});

const tidy = () => tidyImages({ ...dirs, toolchain }, factsForCheck("none"), ctx);
const stored = async () => {
  const names = await run("ctr", ["-a", layout(dirs).containerd.socket, "-n", "k8s.io", "images", "ls", "-q"]);
  return names.trim().split("\n").filter((name) => !name.startsWith("sha256:"));
};

test("without a Docker engine it is said that images could not be removed, and nothing fails", async () => {
  await tidy();
  expect(said.at(-1)).toMatch(/^images of earlier builds could not be removed: docker /);
});

test("an image stays while a pod or a Job that is yet to make one names it, and leaves the node after that", async () => {
  await new DockerEngine(imagesLayout(dirs)).start(ctx);
  await apply(kubectl, pod("pulled", { image: registry.reference }));
  await inPhase(kubectl, "pulled", "Running");
  const template = { spec: { restartPolicy: "Never", containers: [{ name: "main", image: registry.reference }] } };
  await apply(kubectl, { apiVersion: "batch/v1", kind: "Job", metadata: { name: "suspended" }, spec: { suspend: true, template } });
  await tidy();
  await kubectl(["delete", "pod", "pulled", "--wait"]);
  await tidy();
  expect((await stored()).sort()).toEqual([PAUSE_IMAGE, registry.reference].sort());
  await kubectl(["delete", "job", "suspended", "--wait"]);
  await tidy();
  expect(await stored()).toEqual([PAUSE_IMAGE]);
  expect(said.at(-1)).toBe("removed 1 image of earlier builds");
});
