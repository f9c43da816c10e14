import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { removeCgroups } from "../cgroups.ts";
import { run } from "../command.ts";
import { listDaemons, stopDaemon } from "../daemon/daemon.ts";
import { endProcess, isRunning } from "../daemon/process.ts";
import { cleanAddressSets } from "./addressSets.ts";
import { ctr } from "./ctr.ts";
import { cleanFirewall } from "./firewall.ts";
import { type HostPrograms, findHostPrograms } from "./hostPrograms.ts";
import { readHostRecord, restoreSysctls } from "./hostRecord.ts";
import type { Layout } from "./layout.ts";
import { removeFilesOutside } from "./leftovers.ts";
import type { ClusterSettings } from "./settings.ts";
import { foreignNodeProcesses, markedProcesses, podProcesses } from "./strays.ts";

/** Seconds that a container's processes have between SIGTERM and SIGKILL. */
const POD_GRACE_SECONDS = 3;

/**
 * Ends the node and takes back what it did to the machine, whatever state it's in: running, half-started, killed, or
 * nothing left of it but files. The image store in the cache and the logs stay. Takes no abort signal: it's what an
 * interrupt leads to.
 */
export async function teardown(
  settings: ClusterSettings,
  layout: Layout,
  progress: (message: string) => void,
): Promise<void> {
  const programs = findHostPrograms();
  // First, or it would start again what is ended below.
  await stopDaemon("kubelet", layout, { graceSeconds: 2 });
  if (podProcesses().length > 0) progress("ending the pods");
  await Promise.all([
    endAll(podProcesses, POD_GRACE_SECONDS),
    stopDaemon("kube-proxy", layout, { graceSeconds: 2 }),
    stopDaemon("coredns", layout, { graceSeconds: 2 }),
    stopDaemon("kube-router", layout, { graceSeconds: 2 }),
    stopDaemon("api-gateway", layout, { graceSeconds: 2 }),
    endAll(() => markedProcesses(layout.pidDir).filter((process) => process.owner === "control-plane"), 1),
  ]);
  await endContainerd(layout, programs);
  await endAll(() => [...markedProcesses(layout.pidDir), ...podProcesses()], 0);
  await cleanNetwork(settings, layout, programs);
  removeCgroups("node");
  const record = readHostRecord(layout.hostRecord);
  if (record) restoreSysctls(record);
  removeFilesOutside(layout, record?.missingFolders ?? []);
  if (!existsSync(layout.home)) return;
  for (const name of readdirSync(layout.home)) {
    const path = join(layout.home, name);
    if (path !== layout.logDir) rmSync(path, { recursive: true, force: true });
  }
}

/** Removes the containers from containerd's own records, so that its next start knows none, and ends it. */
async function endContainerd(layout: Layout, programs: Partial<HostPrograms>): Promise<void> {
  const running = listDaemons(layout).some((daemon) => daemon.name === "containerd" && daemon.running);
  // A containerd that doesn't answer is ended all the same; the next start then forgets its containers.
  if (running && programs.ctr) await forgetContainers(layout, programs as HostPrograms).catch(() => undefined);
  await stopDaemon("containerd", layout, { graceSeconds: 3 });
}

/** Removes every container whose processes have ended from containerd's records; how many there were. */
export async function forgetContainers(layout: Layout, programs: HostPrograms): Promise<number> {
  const list = async (what: string) => (await ctr(layout, programs, [what, "ls", "-q"])).split("\n").filter(Boolean);
  const containers = await list("containers");
  if (containers.length === 0) return 0;
  // The CRI plugin deletes a task soon after its end; a container can't go before its task.
  const until = Date.now() + 2000;
  while ((await list("tasks")).length > 0 && Date.now() < until) await sleep(100);
  const tasks = await list("tasks");
  if (tasks.length > 0) await ctr(layout, programs, ["tasks", "rm", "--force", ...tasks]);
  await ctr(layout, programs, ["containers", "rm", ...containers]);
  return containers.length;
}

/** `SIGTERM` to all that `find` finds, and after the grace `SIGKILL`, again until none is left. */
async function endAll(find: () => ReturnType<typeof podProcesses>, graceSeconds: number): Promise<void> {
  const first = find();
  // A sandbox's own process ignores SIGTERM; waiting for it would use up the grace of every stop.
  const polite = first.filter((process) => process.command !== "pause");
  await Promise.all(polite.map((process) => endProcess(process, graceSeconds)));
  for (let left = find(); left.length > 0; left = find()) {
    await Promise.all(left.map((process) => endProcess(process, 0)));
  }
  const stuck = first.filter(isRunning);
  if (stuck.length > 0) throw new Error(`processes that don't end: ${stuck.map((process) => process.pid).join(" ")}`);
}

/** Removes the bridge and the rules. The `KUBE-` ones stay when another Kubernetes node on this machine uses such. */
async function cleanNetwork(settings: ClusterSettings, layout: Layout, programs: Partial<HostPrograms>): Promise<void> {
  if (programs.iptables && foreignNodeProcesses(layout.pidDir).length === 0) {
    await cleanFirewall(dirname(programs.iptables));
    if (programs.ipset) await cleanAddressSets(programs.ipset);
  }
  if (programs.ip && existsSync(`/sys/class/net/${settings.bridge}`)) {
    await run(programs.ip, ["link", "delete", settings.bridge]);
  }
}

