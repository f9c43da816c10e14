import { dirname, resolve } from "node:path";
import { KubeConfig, loadYaml } from "@kubernetes/client-node";
import type { KubeconfigFile } from "../components/settings.ts";
import { UserError } from "./exit.ts";

/** One context of the user's kubeconfig, cut out of it. */
export interface KubeContext {
  name: string;
  /** Address of its API server. */
  server: string;
  /** A kubeconfig with this context alone, under the name `CUT_CONTEXT`, every path in it absolute. Holds credentials. */
  content: string;
  config: KubeConfig;
}

/** The context's name in the cut-out: a context that the user renames is still the same cluster to a stack's state. */
export const CUT_CONTEXT = "stack";

type Entry = { name: string } & Record<string, Record<string, unknown> | string | undefined>;
interface Kubeconfig {
  clusters?: Entry[] | null;
  users?: Entry[] | null;
  contexts?: Entry[] | null;
  "current-context"?: string;
}

/** Keys whose values are paths, relative to their file. */
const PATHS = ["certificate-authority", "client-certificate", "client-key", "tokenFile"];

/**
 * Finds a context, or without a name the current one. As with kubectl, of two entries with one name that of the first
 * file counts. Throws UserError when there is no such context, or when it is incomplete.
 */
export function kubeContext(files: readonly KubeconfigFile[], name?: string): KubeContext {
  const parsed = files.map(({ path, text }) => ({ path, ...parse(path, text) }));
  const place = files.map(({ path }) => path).join(", ");
  const entries = (list: "clusters" | "users" | "contexts", part: string) => parsed.flatMap((file) =>
    (file[list] ?? []).map((entry) => ({ name: entry.name, value: (entry[part] ?? {}) as Record<string, unknown>, folder: dirname(file.path) })));
  const contexts = entries("contexts", "context");
  const names = [...new Set(contexts.map((context) => context.name))].join(", ") || "none";
  const wanted = name ?? parsed.map((file) => file["current-context"]).find(Boolean);
  if (wanted === undefined) throw new UserError(`${place} has no current context; its contexts: ${names}. Name one of them with --context.`);
  const context = contexts.find((each) => each.name === wanted);
  if (context === undefined) throw new UserError(`context "${wanted}" is not in ${place}, which has: ${names}. Name one of them with --context.`);

  const find = (list: "clusters" | "users", part: "cluster" | "user") => {
    const entry = entries(list, part).find((each) => each.name === context.value[part]);
    if (entry === undefined) throw new UserError(`context "${wanted}" in ${place} names the ${part} "${String(context.value[part])}", which is not there. Mend the file, or take another of its contexts: ${names}.`);
    return withAbsolutePaths(entry.value, entry.folder);
  };
  const [cluster, user] = [find("clusters", "cluster"), find("users", "user")];
  const content = JSON.stringify({
    apiVersion: "v1", kind: "Config", "current-context": CUT_CONTEXT,
    clusters: [{ name: CUT_CONTEXT, cluster }], users: [{ name: CUT_CONTEXT, user }],
    contexts: [{ name: CUT_CONTEXT, context: { ...context.value, cluster: CUT_CONTEXT, user: CUT_CONTEXT } }],
  });
  const config = new KubeConfig();
  config.loadFromString(content);
  return { name: wanted, server: String(cluster["server"]), content, config };
}

function parse(path: string, text: string): Kubeconfig {
  if (text.trim() === "") return {};
  try {
    return loadYaml<Kubeconfig | undefined>(text) ?? {};
  } catch (error) {
    throw new UserError(`${path} is not YAML: ${(error as Error).message.split("\n")[0]}. Mend it, or name another file by KUBECONFIG.`);
  }
}

function withAbsolutePaths(entry: Record<string, unknown>, folder: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entry).map(([key, value]) => [key, PATHS.includes(key) && typeof value === "string" ? resolve(folder, value) : value]));
}
