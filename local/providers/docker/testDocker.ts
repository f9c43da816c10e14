import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureDebianPackages } from "../../packages.ts";
import { endProcess, freePort } from "../testProcess.ts";

/** A real Docker engine and a real registry for tests, apart from any that this machine may run. Needs root. */
export interface TestDocker {
  /** `unix:///…`. */
  host: string;
  /** `127.0.0.1:PORT`. */
  registry: string;
  /** Forgets every image that was pushed. */
  emptyRegistry(): Promise<void>;
  stop(): Promise<void>;
}

export async function startDocker(): Promise<TestDocker> {
  await ensureDebianPackages(["docker.io", "docker-registry"], { progress: () => {}, signal: new AbortController().signal });
  const folder = mkdtempSync(join(tmpdir(), "rewardlab-docker-"));
  const registry = `127.0.0.1:${await freePort()}`;
  const settings = { version: 0.1, storage: { filesystem: { rootdirectory: join(folder, "registry") } }, http: { addr: registry } };
  writeFileSync(join(folder, "registry.yml"), JSON.stringify(settings));
  const socket = join(folder, "docker.sock");
  const folders = ["--data-root", join(folder, "data"), "--exec-root", join(folder, "exec"), "--pidfile", join(folder, "pid")];
  const engine = run(folder, "dockerd", [...folders, "--host", `unix://${socket}`, "--bridge", "none", "--iptables=false"]);
  const startRegistry = () => run(folder, "docker-registry", ["serve", join(folder, "registry.yml")]);
  let store = startRegistry();
  const isServing = () => fetch(`http://${registry}/v2/`).then(({ ok }) => ok, () => false);
  const stop = async () => {
    await Promise.all([endProcess(store, 15), endProcess(engine, 15)]);
    spawnSync("sh", ["-c", `awk '$2 ~ "^${folder}" {print $2}' /proc/mounts | xargs -r umount -l`]);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await until(async () => existsSync(socket) && (await isServing()), [engine, store], folder);
  } catch (error) {
    await stop();
    throw error;
  }
  const emptyRegistry = async () => {
    await endProcess(store, 15);
    rmSync(join(folder, "registry"), { recursive: true });
    mkdirSync(join(folder, "registry"));
    store = startRegistry();
    await until(isServing, [store], folder);
  };
  return { host: `unix://${socket}`, registry, emptyRegistry, stop };
}

function run(folder: string, command: string, args: string[]): ChildProcess {
  const log = openSync(join(folder, `${command}.log`), "a");
  return spawn(command, args, { stdio: ["ignore", log, log] });
}

async function until(isReady: () => Promise<boolean>, children: ChildProcess[], folder: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const dead = children.find(({ exitCode }) => exitCode !== null);
    if (dead) throw new Error(readFileSync(join(folder, `${dead.spawnargs[0]}.log`), "utf8").slice(-2000));
    if (await isReady()) return;
    await sleep(100);
  }
  throw new Error("Docker and its registry weren't ready within 30 s");
}
