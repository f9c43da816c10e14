import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { folders } from "../../components/settings.ts";
import { run } from "../command.ts";
import { listDaemons } from "../daemon/daemon.ts";
import { sendSignal } from "../signal.ts";
import { type Toolchain, ensureToolchain } from "../toolchain/toolchain.ts";
import { type Cluster, cleanCluster, inventory, pruneImages, startCluster, stopCluster } from "./cluster.ts";
import { answersAt } from "./dns.ts";
import { type Kubectl, kubectlFor } from "./kubectl.ts";
import { layout } from "./layout.ts";
import { defaultSettings } from "./settings.ts";
import { foreignStateDirs, markedProcesses, podProcesses } from "./strays.ts";
import { apply, field, inPhase, pod, service } from "./testing/pods.ts";
import { type OneImageRegistry, oneImageRegistry } from "./testing/registry.ts";
import { snapshot } from "./testing/snapshot.ts";

const { cacheDir } = folders();
const stateDir = mkdtempSync(join(tmpdir(), "rewardlab-cluster-"));
const dirs = { cacheDir, stateDir };
const places = layout(dirs);
const progress = (message: string): void => console.log(message);

let toolchain: Toolchain;
let registry: OneImageRegistry;
let kubectl: Kubectl;
let cluster: Cluster;
let before: string[];

const start = (signal: AbortSignal = AbortSignal.timeout(300_000)): Promise<Cluster> =>
  startCluster({ ...dirs, toolchain, registryAddress: registry.address, gpus: 2, progress, signal });

beforeAll(async () => {
  toolchain = await ensureToolchain({ cacheDir, progress });
  registry = await oneImageRegistry();
  // This test kills what it started, so it shares the machine with no other embedded node.
  expect(foreignStateDirs(places.pidDir)).toEqual([]);
  before = await snapshot(stateDir);
  expect(await inventory(dirs)).toEqual([]);
  kubectl = kubectlFor(places, toolchain);
  cluster = await start();
  console.log(cluster.phases);
});

afterAll(async () => {
  await cleanCluster({ ...dirs, progress });
  await registry.close();
  rmSync(stateDir, { recursive: true, force: true });
});

test("the node is Ready, at an address of its own, and nothing listens beyond the machine", async () => {
  const node = JSON.parse(await kubectl(["get", "node", cluster.nodeName, "-o", "json"]));
  expect(node.status.conditions).toContainEqual(expect.objectContaining({ type: "Ready", status: "True" }));
  expect(node.status.addresses).toContainEqual({ type: "InternalIP", address: cluster.nodeAddress });
  const outside = await run("ip", ["-4", "-o", "address", "show", "scope", "global"]);
  const addresses = outside.match(/(?<=inet )[\d.]+/g)!.filter((address) => address !== cluster.nodeAddress);
  const { kubelet, apiServer, etcd, dns } = defaultSettings.ports;
  for (const address of addresses) {
    for (const port of [kubelet, apiServer, etcd, dns]) {
      await expect(fetch(`http://${address}:${port}`, { signal: AbortSignal.timeout(2000) })).rejects.toThrow();
    }
  }
});

test("the kubelet refuses who has no certificate", async () => {
  const url = `https://${cluster.nodeAddress}:${defaultSettings.ports.kubelet}/pods`;
  expect(await run("curl", ["-sk", "-o", "/dev/null", "-w", "%{http_code}", url])).toBe("401");
});

test("pods reach each other by a Service's name; logs and exec work", async () => {
  const server = `require("http").createServer((q, s) => s.end("hello from a pod")).listen(8080)`;
  const asks =
    "const again = () => setTimeout(ask, 200);" +
    `const ask = () => fetch("http://echo").then((r) => r.text()).then(console.log, again); ask()`;
  const client = pod("asks", { code: asks, restartPolicy: "Never" });
  await apply(kubectl, service("echo"), pod("echo", { code: server }), client);
  await inPhase(kubectl, "asks", "Succeeded");
  expect(await kubectl(["logs", "asks"])).toBe("hello from a pod\n");
  const lookUp = ["/usr/bin/getent", "hosts", "echo.default.svc.cluster.local"];
  expect(await kubectl(["exec", "echo", "--", ...lookUp])).toMatch(/^10\.216\./);
  expect(await answersAt(defaultSettings.dnsAddress)).toBe(true);
});

test("an image is pulled by digest from the loopback registry over plain HTTP", async () => {
  await apply(kubectl, pod("pulled", { image: registry.reference }));
  await inPhase(kubectl, "pulled", "Running");
  expect(registry.requests.filter((request) => request.startsWith("GET /v2/one/image/blobs/"))).not.toEqual([]);
});

test("the scheduler hands out two GPUs; who asks for a third waits and is told why", async () => {
  await apply(kubectl, ...["one", "two"].map((name) => pod(`gpu-${name}`, { gpus: 1 })));
  for (const name of ["one", "two"]) await inPhase(kubectl, `gpu-${name}`, "Running");
  await apply(kubectl, pod("gpu-three", { gpus: 1 }));
  await expect.poll(() => field(kubectl, "gpu-three", ".status.conditions[0].message"), { timeout: 20_000 }).toMatch(
    /Insufficient nvidia.com\/gpu/,
  );
  expect(await field(kubectl, "gpu-three", ".status.phase")).toBe("Pending");
});

test("a second start takes the cluster that runs", async () => {
  const pids = () => listDaemons(places).map(({ pid }) => pid);
  const running = pids();
  expect((await start()).clusterIdentifier).toBe(cluster.clusterIdentifier);
  expect(pids()).toEqual(running);
});

test("a killed kubelet is started again, and the pods that hold GPUs go on", async () => {
  const kubelet = () => listDaemons(places).find(({ name }) => name === "kubelet")!;
  const { pid } = kubelet();
  process.kill(pid, "SIGKILL");
  await expect.poll(() => kubelet().running).toBe(false);
  expect((await start()).clusterIdentifier).toBe(cluster.clusterIdentifier);
  expect(kubelet().running).toBe(true);
  expect(kubelet().pid).not.toBe(pid);
  expect(await kubectl(["get", "node", "-o", "jsonpath={.items[0].status.allocatable.nvidia\\.com/gpu}"])).toBe("2");
  expect(await field(kubectl, "gpu-one", ".status.phase")).toBe("Running");
  expect(await field(kubectl, "gpu-one", ".status.containerStatuses[0].restartCount")).toBe("0");
  expect(await field(kubectl, "gpu-three", ".status.phase")).toBe("Pending");
});

/** As a crash does it: nobody gets to say goodbye. Some end with another one, and some start while the list is gone through. */
async function kill(find: () => ReturnType<typeof podProcesses>): Promise<void> {
  const killed = () => {
    const left = find();
    for (const { pid } of left) sendSignal(pid, "SIGKILL");
    return left;
  };
  await expect.poll(killed, { timeout: 10_000 }).toEqual([]);
}
const killEverything = () => kill(() => [...markedProcesses(places.pidDir), ...podProcesses()]);

async function worksFromNothing(name: string): Promise<void> {
  const next = await start();
  expect(next.clusterIdentifier).not.toBe(cluster.clusterIdentifier);
  cluster = next;
  console.log(cluster.phases);
  await apply(kubectl, pod(name, { gpus: 2, code: "setInterval(() => {}, 1000)" }));
  await inPhase(kubectl, name, "Running");
  const pulls = registry.requests.length;
  await apply(kubectl, pod("pulled-before", { image: registry.reference, restartPolicy: "Never" }));
  await inPhase(kubectl, "pulled-before", "Running");
  expect(registry.requests.slice(pulls)).toEqual([]);
  const containers = await run("ctr", ["-a", cluster.containerdAddress, "-n", "k8s.io", "containers", "ls", "-q"]);
  expect(containers.trim().split("\n")).toHaveLength(4);
}

test("after a SIGKILL of everything the next start works and knows no old container", async () => {
  await killEverything();
  await worksFromNothing("after-kill");
});

test("after containers alone survived, the next start ends them", async () => {
  const shims = /^containerd-shim/;
  await kill(() => markedProcesses(places.pidDir).filter(({ command }) => !shims.test(command)));
  const survivors = podProcesses().map(({ pid }) => pid);
  expect(survivors).not.toEqual([]);
  await worksFromNothing("after-orphans");
  expect(podProcesses().filter(({ pid }) => survivors.includes(pid))).toEqual([]);
});

test("after a restart of the machine, which leaves files alone, the next start works", async () => {
  await killEverything();
  const kept = mkdtempSync(join(tmpdir(), "rewardlab-disk-"));
  await run("cp", ["-a", places.home, kept]);
  await stopCluster({ ...dirs, progress });
  rmSync(places.home, { recursive: true });
  await run("cp", ["-a", join(kept, "cluster"), stateDir]);
  rmSync(kept, { recursive: true });
  const record = JSON.parse(readFileSync(places.hostRecord, "utf8"));
  writeFileSync(places.hostRecord, JSON.stringify({ ...record, bootId: "of the boot before" }));
  await worksFromNothing("after-restart");
});

test("an interrupted start leaves what the next clean-up takes away", async () => {
  await stopCluster({ ...dirs, progress });
  for (const owner of ["containerd", "control-plane", "kubelet"]) {
    const interrupt = new AbortController();
    const interrupted = expect(start(interrupt.signal)).rejects.toThrow(`interrupted at ${owner}`);
    // By what runs and not by the clock: on a fast machine a start is over before a slow one's half.
    const runs = () => markedProcesses(places.pidDir).some((process) => process.owner === owner);
    await expect.poll(runs, { timeout: 60_000, interval: 20 }).toBe(true);
    interrupt.abort(new Error(`interrupted at ${owner}`));
    await interrupted;
    await cleanCluster({ ...dirs, progress });
    expect(await inventory(dirs)).toEqual([]);
  }
});

test("a clean-up leaves the machine as it was", async () => {
  cluster = await start();
  await apply(kubectl, pod("last", { gpus: 1, image: registry.reference, hostPort: 16498 }));
  await inPhase(kubectl, "last", "Running");
  const found = await inventory(dirs);
  expect(found.map(({ name }) => name)).toContainEqual(expect.stringContaining("CNI-HOSTPORT-DNAT"));
  expect(new Set(found.map(({ kind }) => kind))).toEqual(
    new Set(["process", "interface", "firewall rule", "cgroup", "file", "kernel setting"]),
  );
  const list = ["-a", cluster.containerdAddress, "-n", "k8s.io", "images", "ls", "-q"];
  const images = (await run("ctr", list)).split("\n");
  // Others are the user's; the test's own image shouldn't stay in the store.
  const removed = await pruneImages(dirs, images.filter((name) => !/^sha256:|\/one\/image/.test(name)));
  expect(removed.map(({ digest }) => digest)).toContain(registry.reference.split("@")[1]);
  const started = Date.now();
  await cleanCluster({ ...dirs, progress });
  console.log(`cleaned in ${(Date.now() - started) / 1000} s`);
  expect(await inventory(dirs)).toEqual([]);
  expect(await snapshot(stateDir)).toEqual(before);
});
