import { existsSync } from "node:fs";
import { type Access, accessTo, openAccess } from "../collect/access.ts";
import { namespaceOf } from "../components/names.ts";
import { folders, readKubeconfigFiles, readStackFile, readStackSettings } from "../components/settings.ts";
import { layout } from "../local/cluster/layout.ts";
import { EMBEDDED } from "./embeddedName.ts";
import { UserError } from "./exit.ts";
import { type KubeContext, kubeContext } from "./kubeContext.ts";

/** Which stack a command means, and where. */
export interface Target {
  stack: string;
  /** A context of the user's kubeconfig; left out: the embedded cluster, or the one that the stack's file names. */
  context?: string | undefined;
}

/**
 * A context in the kubeconfig that a stack's file names, else in the user's. Throws ConfigError or UserError when there is
 * no such stack file, kubeconfig or context.
 */
export function contextOf(stack: string, name: string | undefined): KubeContext {
  const cluster = readStackFile(stack)["cluster"] as { kubeconfig?: unknown } | null | undefined;
  return kubeContext(readKubeconfigFiles(typeof cluster?.kubeconfig === "string" ? cluster.kubeconfig : undefined), name);
}

/** The cluster and namespace where a stack's runs are. Throws UserError when the embedded cluster is not up. */
export function accessOf({ stack, context }: Target): Access {
  const namespace = namespaceOf(stack);
  if (context !== undefined) return accessTo(contextOf(stack, context).config, namespace);
  if (stack !== EMBEDDED) return accessTo(contextOf(stack, readStackSettings(stack).cluster.context).config, namespace);
  const { kubeconfig } = layout(folders());
  if (!existsSync(kubeconfig)) {
    throw new UserError(`The embedded cluster is not up, so stack "${stack}" has no runs to look at. Start it and leave it up: npm start -- --keep. Saved reports are under runs/${stack}/.`);
  }
  return openAccess(kubeconfig, namespace);
}

/** The options by which another command means the same. */
export const optionsFor = ({ stack, context }: Target): string => `${context === undefined ? "" : `--context ${context} `}--stack ${stack}`;
