import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { folders } from "../components/settings.ts";
import { ensureToolchain } from "../local/toolchain/toolchain.ts";

/** A real API server with its store, and a real scheduler if asked: no kubelet, no controller. Nothing is ever run by it. */
export interface ApiServer {
  /** Runs kubectl against it, with a manifest on its standard input; both streams back, and whether it succeeded. */
  kubectl: (args: string[], manifest?: unknown) => Promise<{ ok: boolean; output: string }>;
  stop: () => Promise<void>;
}

const READY_WITHIN_MS = 60_000;

/** Starts an API server of the embedded cluster's version on free loopback ports, in a folder of its own. */
export async function startApiServer({ scheduler = false } = {}): Promise<ApiServer> {
  const { binaries } = await ensureToolchain({ cacheDir: folders().cacheDir, progress: () => {} });
  const directory = mkdtempSync(join(tmpdir(), "rewardlab-api-"));
  const at = (name: string) => join(directory, name);
  const [client, peer, secure] = await Promise.all([freePort(), freePort(), freePort()]);
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  writeFileSync(at("sa.key"), privateKey.export({ type: "pkcs1", format: "pem" }), { mode: 0o600 });
  writeFileSync(at("sa.pub"), publicKey.export({ type: "spki", format: "pem" }));
  writeFileSync(at("tokens.csv"), 'test,admin,1,"system:masters"\n', { mode: 0o600 });
  writeFileSync(at("kubeconfig"), JSON.stringify({
    apiVersion: "v1", kind: "Config", "current-context": "test",
    clusters: [{ name: "test", cluster: { server: `https://127.0.0.1:${secure}`, "insecure-skip-tls-verify": true } }],
    users: [{ name: "test", user: { token: "test" } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
  }), { mode: 0o600 });

  const store = spawn(binaries.etcd, [
    `--data-dir=${at("etcd")}`, `--listen-client-urls=http://127.0.0.1:${client}`, `--advertise-client-urls=http://127.0.0.1:${client}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`, `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-cluster=default=http://127.0.0.1:${peer}`,
  ], { stdio: "ignore" });
  const server = spawn(binaries.kubeApiserver, [
    `--etcd-servers=http://127.0.0.1:${client}`, `--secure-port=${secure}`, "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
    `--cert-dir=${at("certs")}`, `--token-auth-file=${at("tokens.csv")}`, `--service-account-key-file=${at("sa.pub")}`,
    `--service-account-signing-key-file=${at("sa.key")}`, "--service-account-issuer=https://test", "--service-cluster-ip-range=10.99.0.0/24",
    // No controller makes the account that every pod would have to wait for.
    "--disable-admission-plugins=ServiceAccount",
  ], { stdio: "ignore" });

  const kubectl: ApiServer["kubectl"] = async (args, manifest) => {
    const command = [...args, ...(manifest === undefined ? [] : ["-f", "-"])];
    return collect(spawn(binaries.kubectl, ["--kubeconfig", at("kubeconfig"), ...command]), manifest === undefined ? "" : JSON.stringify(manifest));
  };
  const assigner: ChildProcess[] = [];
  const stop = async () => {
    for (const child of assigner) await end(child);
    await end(server);
    await end(store);
    rmSync(directory, { recursive: true, force: true });
  };
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await kubectl(["get", "--raw", "/readyz"])).ok) {
    if (server.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`the API server ${server.exitCode === null ? "was not ready in time" : `ended with ${server.exitCode}`}`);
    }
    await sleep(300);
  }
  if (scheduler) {
    const flags = [`--kubeconfig=${at("kubeconfig")}`, "--leader-elect=false", "--secure-port=0"];
    assigner.push(spawn(binaries.kubeScheduler, flags, { stdio: "ignore" }));
  }
  return { kubectl, stop };
}

async function collect(child: ChildProcess, input: string): Promise<{ ok: boolean; output: string }> {
  let output = "";
  for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (data) => { output += String(data); });
  child.stdin!.end(input);
  const code = await new Promise((resolve) => child.on("close", resolve));
  return { ok: code === 0, output };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.on("close", resolve));
  child.kill("SIGTERM");
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
