import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { FLOWS, PARTS, portOf } from "../components/network/flows.ts";
import { LABEL } from "../components/names.ts";
import { folders } from "../components/settings.ts";
import { type Cluster, cleanCluster, startCluster } from "../local/cluster/cluster.ts";
import { type Kubectl, kubectlFor } from "../local/cluster/kubectl.ts";
import { layout } from "../local/cluster/layout.ts";
import { apply, pod } from "../local/cluster/testing/pods.ts";
import { oneImageRegistry, type OneImageRegistry } from "../local/cluster/testing/registry.ts";
import { ensureToolchain } from "../local/toolchain/toolchain.ts";
import { recordStack } from "./stacks.ts";

/** The stack's walls on a real node, with its policy controller: connections that pods try to make, not what an evaluator says of them. */

const [STACK, OTHER] = ["rewardlab-local", "elsewhere"];
const PORT_OF_RUNS = 9999;
const PORTS = [8000, 8001, 8002, PORT_OF_RUNS];
const STRANGER = "stranger";
const dirs = { cacheDir: folders().cacheDir, stateDir: mkdtempSync(join(tmpdir(), "rewardlab-walls-")) };
const progress = (message: string) => console.log(message);

let registry: OneImageRegistry;
let kubectl: Kubectl;
let cluster: Cluster;

/** A pod that answers on every part's port, so that a refusal is a wall and not an empty port. */
const LISTENER = `for (const port of ${JSON.stringify(PORTS)}) require("node:net").createServer((socket) => socket.end("hello")).listen(port)`;
const player = ({ namespace, name, labels }: Player) => {
  const { metadata, ...rest } = pod(name, { code: LISTENER }) as { metadata: object };
  return { ...rest, metadata: { ...metadata, namespace, labels } };
};
interface Player { namespace: string; name: string; labels: Record<string, string> }
const parts = PARTS.map((part): Player => ({ namespace: STACK!, name: part, labels: { [LABEL.part]: part } }));
const strangers: Player[] = [
  { namespace: STACK!, name: STRANGER, labels: { app: "debug" } },
  // A run's labels open no door from another namespace.
  { namespace: OTHER!, name: STRANGER, labels: { [LABEL.part]: "run" } },
];

beforeAll(async () => {
  const toolchain = await ensureToolchain({ cacheDir: dirs.cacheDir, progress });
  registry = await oneImageRegistry();
  cluster = await startCluster({ ...dirs, toolchain, registryAddress: registry.address, gpus: 2, progress, signal: AbortSignal.timeout(300_000) });
  kubectl = kubectlFor(layout(dirs), toolchain);
  const policies = (await recordStack("local")).of("kubernetes:networking.k8s.io/v1:NetworkPolicy")
    .map(({ inputs: { metadata, spec } }) => ({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata, spec }));
  expect(policies.length).toBeGreaterThan(PARTS.length);
  const namespaces = [STACK!, OTHER!].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } }));
  await apply(kubectl, ...namespaces);
  // Their service accounts come a moment later, and no pod can be made before.
  for (const name of [STACK!, OTHER!]) await vi.waitFor(() => kubectl(["-n", name, "get", "serviceaccount", "default"]), { timeout: 20_000, interval: 200 });
  await apply(kubectl, ...[...parts, ...strangers].map(player));
  for (const each of [...parts, ...strangers]) await isRunning(each);
  // Before there is a wall everybody reaches everybody: else a refusal below would prove nothing.
  await vi.waitFor(async () => expect(await reached(STACK!, STRANGER)).toEqual(everything()), { timeout: 30_000, interval: 500 });
  await apply(kubectl, ...policies);
});

afterAll(async () => {
  await cleanCluster({ ...dirs, progress });
  await registry.close();
  rmSync(dirs.stateDir, { recursive: true, force: true });
});

const isRunning = ({ namespace, name }: Pick<Player, "namespace" | "name">) => vi.waitFor(
  async () => expect(await kubectl(["-n", namespace, "get", "pod", name, "-o", "jsonpath={.status.phase}"])).toBe("Running"), { timeout: 60_000, interval: 500 },
);
const everything = () => parts.flatMap(({ name }) => PORTS.map((port) => `${name}:${port}`)).sort();

/** Ports of the stack's parts that a pod gets an answer from. */
async function reached(namespace: string, from: string): Promise<string[]> {
  const addresses = JSON.parse(await kubectl(["-n", STACK!, "get", "pods", "-o", "json"])).items.map(({ metadata, status }: any) => [metadata.name, status.podIP]);
  const targets = addresses.filter(([name]: string[]) => parts.some((part) => part.name === name));
  const code = `
    const { connect } = require("node:net");
    const one = (name, host, port) => new Promise((done) => {
      const socket = connect({ host, port });
      const end = (answer) => { socket.destroy(); done(answer); };
      socket.setTimeout(1500, () => end([]));
      socket.on("data", () => end([name + ":" + port])).on("error", () => end([]));
    });
    Promise.all(${JSON.stringify(targets)}.flatMap(([name, host]) => ${JSON.stringify(PORTS)}.map((port) => one(name, host, port))))
      .then((all) => console.log(JSON.stringify(all.flat().sort())));`;
  return JSON.parse(await kubectl(["-n", namespace, "exec", from, "--", "/node/node", "-e", code]));
}

/** A pass over the policies takes the controller a moment. */
const settled = { timeout: 30_000, interval: 1000 };

it("the parts reach each other on the ways of flows.ts, and on no other port", async () => {
  for (const part of PARTS) {
    const itself = PORTS.map((port) => `${part}:${port}`);
    const allowed = FLOWS.filter(({ from }) => from === part).map(({ to }) => `${to}:${portOf(to)}`);
    // A pod's way to itself never leaves it.
    await expect.poll(() => reached(STACK!, part), settled).toEqual([...itself, ...allowed].sort());
  }
}, 180_000);

it("a stranger in the namespace, and a pod with a run's labels in another one, are refused everywhere", async () => {
  for (const { namespace, name } of strangers) await expect.poll(() => reached(namespace, name), settled).toEqual([]);
}, 120_000);

it("names are still answered, by the cluster's own name server", async () => {
  const asked = await kubectl(["-n", STACK!, "exec", STRANGER, "--", "/usr/bin/getent", "hosts", "kubernetes.default.svc.cluster.local"]);
  expect(asked).toMatch(/^10\.216\./);
});

it("a pod that comes after the policies is behind the walls too", async () => {
  await apply(kubectl, player({ namespace: STACK!, name: "late", labels: { app: "late" } }));
  await isRunning({ namespace: STACK!, name: "late" });
  await expect.poll(() => reached(STACK!, "late"), settled).toEqual([]);
}, 120_000);
