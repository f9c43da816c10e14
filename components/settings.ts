import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { loadYaml } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import { ConfigError, refuse } from "./config/problem.ts";
import { type Folders, foldersOf } from "./folders.ts";
import { PROJECT } from "./names.ts";
import { configValue, merge, parseSettings } from "./settings/parse.ts";
import type { StackOverlay, StackSettings } from "./settings/schema.ts";

/** The project's folder: the one with Pulumi.yaml. */
export const PROJECT_ROOT = join(import.meta.dirname, "..");

/**
 * The settings of the stack that is being run.
 *
 * @param overlay laid over the stack file, for values that only the caller knows (the embedded cluster's addresses)
 * @throws ConfigError with every problem
 */
export function loadSettings(overlay: StackOverlay = {}): StackSettings {
  const file = `Pulumi.${pulumi.getStack()}.yaml`;
  const prefix = `${pulumi.getProject()}:`;
  const config = new pulumi.Config();
  const keys = Object.keys(pulumi.runtime.allConfig()).filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  return parseSettings(merge(Object.fromEntries(keys.map((key) => [key, configValue(key, config.require(key))])), overlay), file);
}

/**
 * The settings of a stack, read from its file, outside of an update: what `loadSettings` will see inside of it.
 *
 * @throws ConfigError with every problem; so too if there is no such stack file
 */
export function readStackSettings(stack: string, overlay: StackOverlay = {}, root: string = PROJECT_ROOT): StackSettings {
  return parseSettings(merge(readStackFile(stack, root), overlay), `Pulumi.${stack}.yaml`);
}

/**
 * What a stack's file says, by key, unchecked.
 *
 * @throws ConfigError if there is no such file, or if it is not YAML
 */
export function readStackFile(stack: string, root: string = PROJECT_ROOT): Record<string, unknown> {
  const file = `Pulumi.${stack}.yaml`;
  const refuseFile = (what: string, write: string) => refuse([{ file, what, write }]);
  let text = "";
  try {
    text = readFileSync(join(root, file), "utf8");
  } catch (error) {
    refuseFile(`can't be read (${(error as Error).message})`, `Make it: cp Pulumi.dev.yaml ${file}; with the Pulumi command line: pulumi stack init ${stack} --copy-config-from dev`);
  }
  let config: Record<string, unknown> = {};
  try {
    config = loadYaml<{ config?: Record<string, unknown> } | undefined>(text)?.config ?? {};
  } catch (error) {
    refuseFile(`is not YAML: ${(error as Error).message.split("\n")[0]}`, "Mend it");
  }
  return Object.fromEntries(Object.entries(config).flatMap(([key, value]) =>
    (key.startsWith(`${PROJECT}:`) ? [[key.slice(PROJECT.length + 1), value]] : [])));
}

/** Text of a program that pods are given as a file. */
export const readProgram = (path: string): string => readFileSync(join(PROJECT_ROOT, path), "utf8");

/** Is there such a folder on this machine? A node of a cluster may have it all the same. */
export const isFolderHere = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

export function folders(env: NodeJS.ProcessEnv = process.env): Folders {
  return foldersOf(env);
}

/** The task app that the environment names for all runs; flags and settings come before it, configs after it. */
export function taskAppUrlOfEnvironment(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return env["TASK_APP_URL"];
}

/** File of certificates that this machine trusts beyond the public ones, by the variables of Node, npm and OpenSSL; undefined for none. */
export function certificatesOfEnvironment(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return env["NODE_EXTRA_CA_CERTS"] || env["npm_config_cafile"] || env["SSL_CERT_FILE"] || undefined;
}

/** Base URL of a mirror of the toolchain's official downloads (docs/toolchain.md); undefined for the official hosts. */
export function mirrorOfEnvironment(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return env["REWARDLAB_TOOLCHAIN_MIRROR"] || undefined;
}

/** The text of Docker's own config.json, in DOCKER_CONFIG's folder or the user's; undefined if there is none. */
export function readDockerConfig(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const path = join(env["DOCKER_CONFIG"] || join(env["HOME"] || homedir(), ".docker"), "config.json");
  return statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path, "utf8") : undefined;
}

/** A kubeconfig file as it stands. */
export interface KubeconfigFile {
  path: string;
  text: string;
}

/**
 * The kubeconfig files that name the user's clusters: the given one, else KUBECONFIG's, else ~/.kube/config. As with kubectl,
 * files of KUBECONFIG that are not there count for nothing.
 *
 * @throws ConfigError if there is none, or if one can't be read
 */
export function readKubeconfigFiles(given?: string, env: NodeJS.ProcessEnv = process.env): KubeconfigFile[] {
  const home = env["HOME"] || homedir();
  const listed = env["KUBECONFIG"]?.split(delimiter).filter(Boolean) ?? [];
  const paths = given !== undefined ? [given.replace(/^~(?=\/)/, home)] : listed.length > 0 ? listed : [join(home, ".kube", "config")];
  const write = "Make one with your cluster's own tool, or name one by KUBECONFIG";
  const files = paths.flatMap((path) => {
    try {
      return [{ path: resolve(path), text: readFileSync(path, "utf8") }];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw new ConfigError([{ file: path, what: `can't be read (${(error as Error).message})`, write }]);
    }
  });
  refuse(files.length === 0 ? [{ file: paths.join(", "), what: "there is no such kubeconfig", write }] : []);
  return files;
}
