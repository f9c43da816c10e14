import { createRequire } from "node:module";

/**
 * The version of a package as it's installed, without a leading `v`. A stand-in provider reports its SDK's version: the
 * two are released together, and the engine takes a plugin for an SDK by that number.
 */
export function readInstalledVersion(name: string): string {
  const { version } = createRequire(import.meta.url)(`${name}/package.json`) as { version: string };
  return version.replace(/^v/, "");
}
