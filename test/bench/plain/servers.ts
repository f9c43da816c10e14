import { randomBytes, randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "../../../images/runner/src/readiness.ts";
import { RunLog } from "../../../images/runner/src/runLog.ts";
import type { RunSpec } from "../../../images/runner/src/runSpec.ts";
import { TaskApp } from "../../../images/runner/src/taskApp.ts";
import { Trainer } from "../../../images/runner/src/trainer.ts";
import { Vllm } from "../../../images/runner/src/vllm.ts";
import { EXIT } from "../../../cli/exit.ts";
import { slotsFor } from "../../../components/packing.ts";
import { PROJECT_ROOT } from "../../../components/settings.ts";
import type { StackSettings } from "../../../components/settings/schema.ts";
import { VLLM_COMMAND, vllmArgs } from "../../../components/vllmArgs.ts";
import { run } from "../../../local/command.ts";
import { Capture } from "./capture.ts";

export interface ServersOptions {
  /** Flags and settings of the programs are those that a stack of these settings gives its pods. */
  settings: StackSettings;
  python: string;
  /** Folder of the base model. */
  model: string;
  numbaCache: string;
  /** Runs that share the pair at most. */
  runs: number;
  /** Further flags of vLLM. */
  vllmFlags?: readonly string[];
  progress: (text: string) => void;
}

/** A pair and a task app as plain processes on loopback ports: what a stack runs in pods, without a cluster around it. */
export class Servers implements AsyncDisposable {
  readonly endpoints: RunSpec["endpoints"];
  readonly synthApiKey = randomBytes(16).toString("hex");
  readonly environmentApiKey = randomBytes(16).toString("hex");
  /** Adapters, traces and specs; deleted at the end. */
  readonly folder = mkdtempSync(join(tmpdir(), "rewardlab-bench-"));
  readonly adapters = join(this.folder, "adapters");
  readonly #stop = new AbortController();
  readonly #ends: Promise<string>[] = [];

  private constructor(ports: { taskApp: number; vllm: number; trainer: number }) {
    const url = (port: number) => `http://127.0.0.1:${port}`;
    this.endpoints = { taskApp: url(ports.taskApp), vllm: url(ports.vllm), trainer: url(ports.trainer) };
  }

  /** Starts all three and waits until they answer; a program that ends before that is told with the end of its output. */
  static async start(options: ServersOptions): Promise<Servers> {
    const [taskApp, vllm, trainer] = [await freePort(), await freePort(), await freePort()];
    const servers = new Servers({ taskApp, vllm, trainer });
    // They lead process groups of their own, which no Ctrl-C reaches; this process's exit ends them.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, leave);
    try {
      servers.#startAll(options, { taskApp, vllm, trainer });
      await Promise.race([servers.#ready(options.progress), ...servers.#ends.map((end) => end.then(ended))]);
      return servers;
    } catch (error) {
      await servers[Symbol.asyncDispose]();
      throw error;
    }
  }

  #startAll({ settings, python, model, numbaCache, runs, vllmFlags = [] }: ServersOptions, ports: { taskApp: number; vllm: number; trainer: number }): void {
    const traces = join(this.folder, "traces");
    for (const path of [this.adapters, traces]) mkdirSync(path);
    const flags = vllmArgs({ model: { ...settings.model, source: { kind: "directory", path: model } }, location: model, slots: slotsFor(runs), maxLoraRank: settings.vllm.maxLoraRank, maxNumSeqs: settings.vllm.maxNumSeqs, args: settings.vllm.args });
    // The last of two equal flags counts.
    const own = ["--host=127.0.0.1", `--port=${ports.vllm}`];
    this.#start(python, [...VLLM_COMMAND.slice(1), ...flags, ...vllmFlags, ...own], this.folder, {
      VLLM_ALLOW_RUNTIME_LORA_UPDATING: "True", VLLM_NO_USAGE_STATS: "1", HF_HUB_OFFLINE: "1", VLLM_API_KEY: this.synthApiKey, ...settings.vllm.env,
    });
    this.#start(python, ["-m", "trainer"], join(PROJECT_ROOT, "images", "trainer"), {
      HOST: "127.0.0.1", PORT: String(ports.trainer), MODEL: model, ADAPTERS_DIR: this.adapters, DEVICE: settings.trainer.device, DTYPE: settings.model.dtype,
      HF_HUB_OFFLINE: "1", TRAINER_API_KEY: this.synthApiKey, ...settings.trainer.env,
    });
    this.#start(python, ["-m", "task_app"], join(PROJECT_ROOT, "images", "task-app"), {
      TASKAPP_HOST: "127.0.0.1", TASKAPP_PORT: String(ports.taskApp), ENVIRONMENT_API_KEY: this.environmentApiKey, SYNTH_API_KEY: this.synthApiKey,
      TASKAPP_TRACING_ENABLED: "1", TASKAPP_SFT_OUTPUT_DIR: traces, SQLD_DB_PATH: join(traces, "traces.db"), NUMBA_CACHE_DIR: numbaCache, ...settings.taskApp.env,
    });
  }

  #start(command: string, args: string[], cwd: string, env: Record<string, string>): void {
    const end = run(command, args, { cwd, env, signal: this.#stop.signal, group: true, graceSeconds: 20 });
    // Awaited while they start and when they are stopped; in between nobody does, and the bench fails at its next request.
    end.catch(() => undefined);
    this.#ends.push(end);
  }

  async #ready(progress: (text: string) => void): Promise<void> {
    const [taskApp, vllm, trainer] = [this.taskApp(), this.vllm(), this.trainer("bench")];
    const log = new RunLog(new Capture((line) => progress(line)), "bench");
    const options = { signal: this.#stop.signal, log };
    try {
      await Promise.all([
        waitFor("the task app", (signal) => taskApp.health(signal), options),
        waitFor("the trainer", (signal) => trainer.ready(signal), options),
        waitFor("vLLM", (signal) => vllm.ready(signal), options),
      ]);
    } finally {
      for (const client of [taskApp, vllm, trainer]) client.close();
    }
  }

  taskApp = () => new TaskApp(this.endpoints.taskApp, this.environmentApiKey);
  vllm = () => new Vllm(this.endpoints.vllm, this.synthApiKey);
  trainer = (runKey: string) => new Trainer(this.endpoints.trainer, this.synthApiKey, runKey);

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error("the bench is over"));
    await Promise.allSettled(this.#ends);
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, leave);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const leave = (): never => process.exit(EXIT.interrupted);

function ended(): never {
  throw new Error("a server of the bench ended by itself, with status 0");
}

/**
 * A port that nobody has, below those that the system gives out by itself: vLLM takes its own only after half a minute of loading, and
 * by then somebody else's client or server may have got one of those.
 */
async function freePort(): Promise<number> {
  const port = randomInt(20_000, 32_000);
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true)));
  if (!free) return freePort();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
