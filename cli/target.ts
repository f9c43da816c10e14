import { existsSync } from "node:fs";
import { type Access, openAccess } from "../collect/access.ts";
import { namespaceOf } from "../components/names.ts";
import { folders, readStackSettings } from "../components/settings.ts";
import { layout } from "../local/cluster/layout.ts";
import { EMBEDDED } from "./embeddedName.ts";
import { UserError } from "./exit.ts";

/** The cluster and namespace where a stack's runs are. Throws UserError when the embedded cluster is not up. */
export function accessOf(stack: string): Access {
  const namespace = namespaceOf(stack);
  if (stack !== EMBEDDED) {
    const { kubeconfig, context } = readStackSettings(stack).cluster;
    return openAccess({ kubeconfig, context, namespace });
  }
  const { kubeconfig } = layout(folders());
  if (!existsSync(kubeconfig)) {
    throw new UserError(`The embedded cluster is not up, so stack "${stack}" has no runs to look at. Start it and leave it up: npm start -- --keep. Saved reports are under runs/${stack}/.`);
  }
  return openAccess({ kubeconfig, namespace });
}
