import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Problem } from "../../components/config/problem.ts";
import type { StackSettings } from "../../components/settings/schema.ts";

/** Does a stack's file, as `readStackFile` gives it, name where its model is? Then no tiny model is made for it. */
export function namesModel(file: Record<string, unknown>): boolean {
  return (file["model"] as { source?: unknown } | null | undefined)?.source !== undefined;
}

/**
 * What is wrong with the model's folder that the embedded stack's file names. Its node is this machine, so the folder is
 * looked for before anything is made; on another cluster the kubelet is the first who can.
 */
export function modelProblems(source: StackSettings["model"]["source"], file: string): Problem[] {
  if (source.kind !== "directory") return [];
  const problem = (what: string): Problem[] => [{
    file, path: "model.source.path", what: `is ${JSON.stringify(source.path)}, ${what}`,
    write: "Give the folder of a model on this machine, or remove model.source: a start then makes its own tiny model",
  }];
  const found = statSync(source.path, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return problem(found ? "which is no folder" : "which is not there");
  return existsSync(join(source.path, "config.json")) ? [] : problem("a folder without a model's config.json");
}
