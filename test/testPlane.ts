import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { folders } from "../components/settings.ts";
import { type ControlPlane, startControlPlane } from "../local/providers/testControlPlane.ts";
import { ensureToolchain, type Toolchain } from "../local/toolchain/toolchain.ts";
import { publishedCrds } from "./publishedCrds.ts";

/** A real control plane without nodes, with kubectl and, if asked, a real scheduler. Nothing is ever run by it. */
export interface TestPlane extends ControlPlane {
  /** A folder that is gone when the plane is. */
  folder: string;
  /** Path of its kubeconfig. */
  kubeconfigFile: string;
  binaries: Toolchain["binaries"];
  /** Runs kubectl, with a manifest on its standard input; both streams back, and whether it succeeded. */
  kubectl: (args: string[], manifest?: unknown) => Promise<{ ok: boolean; output: string }>;
  /** Makes a namespace, and comes back when pods can be made in it: when its service account is there. */
  createNamespace: (name: string) => Promise<void>;
}

export async function startTestPlane({ scheduler = false } = {}): Promise<TestPlane> {
  const { binaries } = await ensureToolchain({ cacheDir: folders().cacheDir, progress: () => {} });
  const plane = await startControlPlane();
  const folder = mkdtempSync(join(tmpdir(), "rewardlab-plane-"));
  const kubeconfigFile = join(folder, "kubeconfig");
  writeFileSync(kubeconfigFile, plane.kubeconfig, { mode: 0o600 });
  const flags = [`--kubeconfig=${kubeconfigFile}`, "--leader-elect=false", "--secure-port=0"];
  const child = scheduler ? spawn(binaries.kubeScheduler, flags, { stdio: "ignore" }) : undefined;
  const kubectl: TestPlane["kubectl"] = (args, manifest) => collect(
    spawn(binaries.kubectl, ["--kubeconfig", kubeconfigFile, "--cache-dir", join(folder, "cache"), ...args, ...(manifest === undefined ? [] : ["-f", "-"])]),
    manifest === undefined ? "" : JSON.stringify(manifest),
  );
  return {
    ...plane, folder, kubeconfigFile, binaries, kubectl,
    createNamespace: async (name) => {
      await kubectl(["create", "namespace", name]);
      for (let tries = 0; ; tries++) {
        const { ok, output } = await kubectl(["-n", name, "get", "serviceaccount", "default"]);
        if (ok) return;
        if (tries >= 75) throw new Error(output);
        await sleep(200);
      }
    },
    stop: async () => {
      if (child) await end(child);
      await plane.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
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

/** Installs the definitions that a module publishes, and waits until the server knows them. Throws what it says instead. */
export async function installCrds({ folder, kubectl }: TestPlane, module: Parameters<typeof publishedCrds>[0]): Promise<void> {
  for (const [name, text] of Object.entries(await publishedCrds(module))) {
    const file = join(folder, name);
    writeFileSync(file, text);
    const { ok, output } = await kubectl(["apply", "--server-side", "--force-conflicts", "-f", file]);
    if (!ok) throw new Error(`${name}: ${output}`);
  }
  const { ok, output } = await kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
  if (!ok) throw new Error(output);
}
