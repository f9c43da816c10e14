import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CoreV1Api, Health, KubeConfig } from "@kubernetes/client-node";
import { folders } from "../../components/settings.ts";
import { ensureToolchain } from "../toolchain/toolchain.ts";
import { endProcess, freePort } from "./testProcess.ts";

/** A real etcd, API server and controller manager for tests: everything of Kubernetes but nodes. */
export interface ControlPlane {
  /** The kubeconfig's content; its user may do anything. */
  kubeconfig: string;
  config: KubeConfig;
  stop(): Promise<void>;
}

const TOKEN = "test-only";

/** Starts one on free loopback ports with its data in a temporary folder; takes about eight seconds. */
export async function startControlPlane(): Promise<ControlPlane> {
  const { binaries } = await ensureToolchain({ cacheDir: folders().cacheDir, progress: () => {} });
  const folder = mkdtempSync(join(tmpdir(), "rewardlab-control-plane-"));
  const [client, peer, api] = [await freePort(), await freePort(), await freePort()];
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const children: ChildProcess[] = [];
  const run = (command: string, args: string[]) => {
    const log = openSync(join(folder, `${children.length}.log`), "a");
    children.push(spawn(command, args, { stdio: ["ignore", log, log] }));
  };
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const key = file("service-account.pem", privateKey);
  const etcd = `http://127.0.0.1:${client}`;
  const kubeconfig = kubeconfigFor(`https://127.0.0.1:${api}`);

  run(binaries.etcd, [
    ...["--data-dir", join(folder, "etcd"), "--listen-client-urls", etcd, "--advertise-client-urls", etcd],
    ...["--listen-peer-urls", `http://127.0.0.1:${peer}`, "--unsafe-no-fsync"],
  ]);
  run(binaries.kubeApiserver, [
    ...["--etcd-servers", etcd, "--bind-address", "127.0.0.1", "--secure-port", String(api)],
    ...["--cert-dir", join(folder, "certificates"), "--token-auth-file", file("tokens.csv", `${TOKEN},test,test,system:masters\n`)],
    ...["--service-account-key-file", key, "--service-account-signing-key-file", key],
    ...["--service-account-issuer", "https://kubernetes.default.svc", "--service-cluster-ip-range", "10.245.0.0/24"],
    ...["--authorization-mode", "RBAC", "--endpoint-reconciler-type", "none"],
  ]);
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const stop = async () => {
    await Promise.all(children.map((child) => endProcess(child, 5)));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    // The controller manager waits for ten seconds only, and then ends: on a busy machine the API server takes longer.
    await until(() => new Health(config).readyz({}), children, folder);
    run(binaries.kubeControllerManager, [
      ...["--kubeconfig", file("kubeconfig", kubeconfig), "--service-account-private-key-file", key],
      ...["--use-service-account-credentials", "--leader-elect=false", "--secure-port", "0", "--flex-volume-plugin-dir", join(folder, "volume-plugins")],
      // Nodes of a test have no kubelet: without a sign of life from it they'd be tainted after a minute.
      ...["--node-monitor-grace-period", "24h", "--node-startup-grace-period", "24h"],
    ]);
    const core = config.makeApiClient(CoreV1Api);
    // The default service account is the last thing to appear.
    await until(() => core.readNamespacedServiceAccount({ namespace: "default", name: "default" }), children, folder);
  } catch (error) {
    await stop();
    throw error;
  }
  return { kubeconfig, config, stop };
}

function kubeconfigFor(server: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server, "insecure-skip-tls-verify": true } }],
    users: [{ name: "test", user: { token: TOKEN } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    "current-context": "test",
  });
}

/** Asks until there is an answer. Throws when a program has ended, or after a minute. */
async function until(ask: () => Promise<unknown>, children: ChildProcess[], folder: string): Promise<void> {
  for (let attempt = 0; attempt < 240; attempt++) {
    const dead = children.findIndex(({ exitCode }) => exitCode !== null);
    if (dead >= 0) throw new Error(`it ended at once:\n${readFileSync(join(folder, `${dead}.log`), "utf8").slice(-2000)}`);
    if (await ask().catch(() => undefined)) return;
    await sleep(250);
  }
  throw new Error("the control plane didn't serve within a minute");
}
