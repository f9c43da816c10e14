import { createRequire } from "node:module";
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readInstalledVersion } from "../providers/installedVersion.ts";
import { quote, writeLauncher } from "./launcher.ts";

interface Plugin {
  name: "kubernetes" | "docker";
  sdk: string;
  /** The stand-in's program. */
  main: string;
}

const PLUGINS: Plugin[] = [
  { name: "kubernetes", sdk: "@pulumi/kubernetes", main: "../providers/kubernetes/main.ts" },
  { name: "docker", sdk: "@pulumi/docker", main: "../providers/docker/main.ts" },
];

export interface PluginFolders {
  /** Where `pulumi plugin install` puts the official plugins: `~/.pulumi/plugins`. */
  official: string;
  /** `PULUMI_HOME` of our runs. */
  home: string;
  /** On the engine's PATH. */
  bin: string;
}

/**
 * Gives the engine a plugin for each provider: the official one of the SDK's version where it's installed, else the
 * project's stand-in. Returns one line for the user that says which; nothing when all are official.
 */
export function preparePlugins(folders: PluginFolders, node: string): string | undefined {
  preparePolicyRunner(folders, node);
  const standIns = PLUGINS.filter((plugin) => !preparePlugin(plugin, folders, node));
  if (standIns.length === 0) return undefined;
  const names = standIns.map(({ name, sdk }) => `${name} ${readInstalledVersion(sdk)}`).join(", ");
  return `the official Pulumi plugins ${names} aren't installed: using the project's stand-ins (docs/providers.md)`;
}

/** Whether the official plugin of the SDK's version is in this folder. */
export function hasOfficial(name: Plugin["name"], official: string): boolean {
  const { sdk } = PLUGINS.find((plugin) => plugin.name === name)!;
  return existsSync(join(official, folderOf({ name, sdk }), `pulumi-resource-${name}`));
}

const folderOf = ({ name, sdk }: Pick<Plugin, "name" | "sdk">): string => `resource-${name}-v${readInstalledVersion(sdk)}`;

/** True when the official plugin is used. */
function preparePlugin({ name, sdk, main }: Plugin, folders: PluginFolders, node: string): boolean {
  const folder = folderOf({ name, sdk });
  const launcher = join(folders.bin, `pulumi-resource-${name}`);
  const link = join(folders.home, "plugins", folder);
  rmSync(link, { force: true });
  if (hasOfficial(name, folders.official)) {
    rmSync(launcher, { force: true });
    mkdirSync(join(folders.home, "plugins"), { recursive: true });
    symlinkSync(join(folders.official, folder), link);
    return true;
  }
  const program = fileURLToPath(new URL(main, import.meta.url));
  writeLauncher(launcher, [compileCache(folders.home), `exec ${quote(node)} ${quote(program)} "$@"`]);
  return false;
}

/**
 * What the engine runs policy packs with where it has no language host for Node: the SDK's own runner. Pulumi's release
 * has the same as a script, `pulumi-analyzer-policy`.
 */
function preparePolicyRunner({ home, bin }: PluginFolders, node: string): void {
  const runner = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/run-policy-pack/index.js");
  writeLauncher(join(bin, "pulumi-analyzer-policy-nodejs"), [compileCache(home), `exec ${quote(node)} ${quote(runner)} "$@"`]);
}

/** Every run starts several plugins, and most of their start is compiling the same libraries. */
const compileCache = (home: string): string => `NODE_COMPILE_CACHE=${quote(join(home, "compile-cache"))}; export NODE_COMPILE_CACHE`;
