import { existsSync, globSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError, run } from "../command.ts";
import type { LocalContext } from "../context.ts";
import { listDaemons, startDaemon } from "../daemon/daemon.ts";
import type { ImagesLayout } from "./layout.ts";

/** Name of the registry among the daemons. */
export const REGISTRY_DAEMON = "docker-registry";

/**
 * Starts a registry on the loopback: pods' images get their digests from it exactly as from a real one. Plain HTTP, which
 * Docker and containerd accept from a loopback address. Throws with its log when the port is taken.
 */
export async function startRegistry(address: string, { registry, pidDir, logDir }: ImagesLayout, ctx: LocalContext): Promise<void> {
  mkdirSync(registry.storage, { recursive: true });
  // The configuration is YAML, of which JSON is a part.
  const config = {
    version: 0.1,
    log: { level: "warn" },
    storage: { filesystem: { rootdirectory: registry.storage }, delete: { enabled: true } },
    http: { addr: address },
  };
  mkdirSync(pidDir, { recursive: true });
  const running = listDaemons({ pidDir, logDir }).some(({ name, running }) => name === REGISTRY_DAEMON && running);
  if (!running) {
    writeFileSync(registry.config, JSON.stringify(config));
    await collectGarbage(registry, ctx);
  }
  await startDaemon({
    name: REGISTRY_DAEMON,
    command: "docker-registry",
    args: ["serve", registry.config],
    ready: async () => (await fetch(`http://${address}/v2/`)).ok,
    readyWithinSeconds: 30,
  }, { pidDir, logDir }, ctx);
}

/**
 * Removes images that another one of the same tag has replaced, and uploads that were cut short. The registry's own program
 * does it, which must not run beside a registry that serves: an image that is being pushed has no tag yet.
 */
async function collectGarbage({ storage, config }: ImagesLayout["registry"], ctx: LocalContext): Promise<void> {
  // As the registry lays its storage out (distribution 2.8, registry/storage/paths.go).
  const repositories = join(storage, "docker", "registry", "v2", "repositories");
  if (!existsSync(repositories)) return;
  for (const upload of globSync("**/_uploads/*", { cwd: repositories })) rmSync(join(repositories, upload), { recursive: true });
  try {
    await run("docker-registry", ["garbage-collect", "--delete-untagged", config], { signal: ctx.signal });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    // What is missing of an image that is wanted is noticed and made again by who wants it.
    ctx.progress(`registry: old images could not be removed: ${error.output.trim().split("\n").at(-1)}`);
  }
}
