import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LocalContext } from "../context.ts";
import { listDaemons, stopDaemon } from "../daemon/daemon.ts";
import type { Toolchain } from "../toolchain/toolchain.ts";
import { startApiGateway } from "./apiGateway.ts";
import { startContainerd } from "./containerd.ts";
import { createControlPlane } from "./controlPlane.ts";
import { answersAt, startDns } from "./dns.ts";
import { announceGpus } from "./gpu.ts";
import type { HostPrograms } from "./hostPrograms.ts";
import { prepareHost } from "./hostRecord.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { type Kubectl, kubectlFor } from "./kubectl.ts";
import { startKubeProxy } from "./kubeProxy.ts";
import { startKubelet } from "./kubelet.ts";
import type { Layout } from "./layout.ts";
import { ensureNetwork } from "./network.ts";
import { nodeLacks, nodeObject, waitFor } from "./node.ts";
import { ensurePauseImage } from "./pauseImage.ts";
import { type Phases, together } from "./phases.ts";
import { startPolicyController } from "./policyController.ts";
import type { ClusterSettings } from "./settings.ts";
import { markedProcesses } from "./strays.ts";
import { forgetContainers } from "./teardown.ts";

/** What every part of a start gets. */
export interface StartPlan {
  settings: ClusterSettings;
  layout: Layout;
  toolchain: Toolchain;
  programs: HostPrograms;
  registryAddress: string;
  gpus: number;
}

/** The programs that kwokctl starts. */
const CONTROL_PLANE_SIZE = 5;

/** What a running node was started from; another toolchain, registry or setting needs another node. */
function origin(plan: StartPlan): string {
  const { settings, toolchain, registryAddress } = plan;
  return JSON.stringify({ toolchain: toolchain.version, settings, registryAddress });
}

const originPath = (layout: Layout): string => join(layout.home, "origin.json");

/** Whether containerd and the control plane run, as this plan wants them: then the rest can be started beside them. */
export async function coreIsUp(plan: StartPlan, signal: AbortSignal): Promise<boolean> {
  const { layout, toolchain } = plan;
  if (!existsSync(originPath(layout)) || readFileSync(originPath(layout), "utf8") !== origin(plan)) return false;
  if (!listDaemons(layout).some((daemon) => daemon.name === "containerd" && daemon.running)) return false;
  const controlPlane = markedProcesses(layout.pidDir).filter((process) => process.owner === "control-plane");
  if (controlPlane.length < CONTROL_PLANE_SIZE) return false;
  const kubectl = kubectlFor(layout, toolchain, signal);
  return kubectl(["get", "--raw=/readyz"]).then(
    () => true,
    () => false,
  );
}

/** Containerd and the control plane, beside each other, on a machine that a teardown has left clean. */
export async function startCore(plan: StartPlan, phases: Phases, ctx: LocalContext): Promise<void> {
  const { settings, layout, toolchain, programs, registryAddress } = plan;
  mkdirSync(layout.home, { recursive: true, mode: 0o700 });
  await phases.run("network", async () => {
    await prepareHost(layout.hostRecord);
    await ensureNetwork(settings, layout, programs);
  });
  ctx.progress("starting containerd and the control plane");
  await together(
    phases.run("containerd", async () => {
      await startContainerd(layout, programs, registryAddress, ctx);
      // Containers of a node that was killed: their processes are gone, containerd's plugin would still list them.
      if ((await forgetContainers(layout, programs)) > 0) {
        await stopDaemon("containerd", layout, { graceSeconds: 5 });
        await startContainerd(layout, programs, registryAddress, ctx);
      }
      await ensurePauseImage(layout, programs);
    }),
    phases.run("control plane", async () => {
      await createControlPlane(settings, layout, toolchain, ctx);
      writeKubeconfig(settings, layout);
      const kubectl = kubectlFor(layout, toolchain, ctx.signal);
      await waitFor("the API server", 60, () => kubectl(["get", "--raw=/readyz"]).then(() => ""), ctx);
    }),
  );
  writeFileSync(originPath(layout), origin(plan));
}

/** The programs of the node itself; those that run are kept. Resolves when pods can be placed, reached and named. */
export async function startNode(plan: StartPlan, phases: Phases, ctx: LocalContext): Promise<string> {
  const { settings, layout, toolchain, programs, registryAddress, gpus } = plan;
  const kubectl = kubectlFor(layout, toolchain, ctx.signal);
  const { pid } = await startContainerd(layout, programs, registryAddress, ctx);
  await together(
    phases.run("node", async () => {
      await startKubelet(settings, layout, toolchain, programs, pid, ctx);
      await nodeIsReady(plan, kubectl, ctx);
    }),
    phases.run("services", () => startKubeProxy(settings, layout, toolchain, ctx)),
    phases.run("network policies", async () => {
      await nodeIsRegistered(settings, kubectl, ctx);
      await startPolicyController(settings, layout, toolchain, programs, ctx);
    }),
    phases.run("API gateway", () => startApiGateway(settings, layout, toolchain, ctx)),
    phases.run("DNS", () => startDns(settings, layout, toolchain, kubectl, ctx)),
  );
  const asked = async () => ((await answersAt(settings.dnsAddress)) ? "" : `no answer from ${settings.dnsAddress}`);
  await phases.run("DNS service", () => waitFor("the cluster's name server", 30, asked, ctx));
  return (await kubectl(["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"])).trim();
}

/** The policy controller asks once for its node's addresses, and ends where there is none. */
function nodeIsRegistered({ nodeName }: ClusterSettings, kubectl: Kubectl, ctx: LocalContext): Promise<void> {
  const missing = async () => ((await nodeObject(kubectl, nodeName)) ? "" : "the kubelet hasn't registered it");
  return waitFor("the Node object", 60, missing, ctx);
}

/** Announces the GPUs as soon as there is a Node object, and again if a kubelet's first report took them away. */
async function nodeIsReady(plan: StartPlan, kubectl: Kubectl, ctx: LocalContext): Promise<void> {
  const { settings, gpus } = plan;
  await waitFor(
    "the node",
    60,
    async () => {
      const node = await nodeObject(kubectl, settings.nodeName);
      if (!node) return "the kubelet hasn't registered it";
      const lacks = nodeLacks(node, gpus);
      if (lacks.includes("offers") || !node.status.allocatable) await announceGpus(kubectl, settings.nodeName, gpus);
      return lacks;
    },
    ctx,
  );
}
