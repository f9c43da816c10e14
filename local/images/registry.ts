import { mkdirSync, writeFileSync } from "node:fs";
import type { LocalContext } from "../context.ts";
import { startDaemon } from "../daemon/daemon.ts";
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
  writeFileSync(registry.config, JSON.stringify(config));
  await startDaemon({
    name: REGISTRY_DAEMON,
    command: "docker-registry",
    args: ["serve", registry.config],
    ready: async () => (await fetch(`http://${address}/v2/`)).ok,
    readyWithinSeconds: 30,
  }, { pidDir, logDir }, ctx);
}
