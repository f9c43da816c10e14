import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { cgroupPath } from "../cgroups.ts";
import { CommandError, run } from "../command.ts";
import type { LocalContext } from "../context.ts";
import { startDaemon } from "../daemon/daemon.ts";
import type { ImagesLayout } from "./layout.ts";

/** Name of the engine among the daemons. */
export const DOCKER = "dockerd";
/** The cgroup in which builds run. */
export const BUILDS = "builds";

/**
 * The configuration file of our engine, which stands in for the machine's own. Before version 23 an engine makes a key that
 * nothing uses any more, in /etc/docker unless it is told where; later ones refuse the setting. `version`: what
 * `dockerd --version` prints.
 */
export function engineConfig(version: string, keyFile: string): Record<string, string> {
  const major = Number(/version (\d+)\./.exec(version)?.[1] ?? 0);
  return major < 23 ? { "deprecated-key-path": keyFile } : {};
}

/**
 * A Docker engine of our own. It has no bridge and touches no firewall rule, so it cannot clash with the node's network
 * or with an engine that the machine has; builds use the machine's network.
 */
export class DockerEngine {
  readonly host: string;
  readonly #places: ImagesLayout;

  constructor(places: ImagesLayout) {
    this.#places = places;
    this.host = `unix://${places.docker.socket}`;
  }

  async start(ctx: LocalContext): Promise<void> {
    const { docker } = this.#places;
    for (const folder of [docker.dataRoot, docker.execRoot]) mkdirSync(folder, { recursive: true });
    const version = await run("dockerd", ["--version"], { signal: ctx.signal });
    writeFileSync(docker.config, JSON.stringify(engineConfig(version, docker.key)));
    await startDaemon(
      {
        name: DOCKER,
        // In a mount namespace of its own: what it mounts is gone with it, however it ends.
        command: "unshare",
        args: ["--mount", "--propagation", "slave", "dockerd", ...this.#arguments()],
        ready: async () => existsSync(docker.socket) && (await this.docker(["version", "--format", "{{.Server.Version}}"], ctx)) !== "",
        readyWithinSeconds: 60,
      },
      this.#places,
      ctx,
    );
  }

  /** Pulls an image, named by its digest, unless it is there. Then builds on it need nothing, and push none of its layers. */
  async ensureImage(reference: string, ctx: LocalContext): Promise<void> {
    if (await this.#has(reference, ctx)) return;
    const started = performance.now();
    const say = () => ctx.progress(`Docker engine: pulling ${reference.replace(/@.*/, "")} (${((performance.now() - started) / 1000).toFixed(0)} s)`);
    const ticker = setInterval(say, 3000);
    try {
      await this.docker(["pull", "--quiet", reference], ctx);
      say();
    } finally {
      clearInterval(ticker);
    }
  }

  /**
   * Drops every image that no container uses, and what builds left behind. The engine does one prune at a time, and goes on with one
   * that a killed start has asked for: that one is waited for. Throws when it takes longer than five minutes.
   */
  async prune(ctx: LocalContext): Promise<void> {
    const limit = Date.now() + 300_000;
    for (let said = false; ; said = true) {
      try {
        await this.docker(["system", "prune", "--all", "--force"], ctx);
        return;
      } catch (error) {
        if (!(error instanceof CommandError && /prune operation is already running/.test(error.output)) || Date.now() > limit) throw error;
      }
      if (!said) ctx.progress("Docker engine: waiting for the removal of images that an earlier start began");
      await sleep(500, undefined, { signal: ctx.signal });
    }
  }

  async #has(reference: string, ctx: LocalContext): Promise<boolean> {
    try {
      await this.docker(["image", "inspect", "--format", "{{.Id}}", reference], ctx);
      return true;
    } catch (error) {
      if (error instanceof CommandError && /no such (image|object)/i.test(error.output)) return false;
      throw error;
    }
  }

  /** Runs Docker's command line on this engine. */
  docker(args: string[], ctx: LocalContext): Promise<string> {
    return run("docker", ["--host", this.host, ...args], { signal: ctx.signal });
  }

  #arguments(): string[] {
    const { docker } = this.#places;
    return [
      ...["--config-file", docker.config, "--data-root", docker.dataRoot, "--exec-root", docker.execRoot, "--pidfile", docker.pidFile, "--host", this.host],
      ...["--bridge", "none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"],
      ...["--cgroup-parent", cgroupPath(BUILDS), "--storage-driver", "overlay2"],
      // A machine without CAP_SYS_RESOURCE refuses a negative value, which is the default.
      ...["--oom-score-adjust", "0"],
      // On two cores more would only take them from everything else.
      ...["--max-concurrent-uploads", "2", "--max-concurrent-downloads", "2"],
    ];
  }
}
