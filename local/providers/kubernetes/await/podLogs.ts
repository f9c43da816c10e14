import type { CoreV1Api } from "@kubernetes/client-node";
import { type Manifest, nameOf, namespaceOf } from "../manifest.ts";
import { brokenContainers } from "./podProblems.ts";

const LINES = 10;

/** The last log lines of every container that ended badly. A log that can't be read is said to be so. */
export async function lastLogLines(core: CoreV1Api, pods: Manifest[]): Promise<string[]> {
  const lines: string[] = [];
  for (const pod of pods) {
    for (const { name: container, restarted } of brokenContainers(pod)) {
      const name = nameOf(pod)!;
      const request = { name, namespace: namespaceOf(pod) ?? "default", container, tailLines: LINES };
      const log = await core
        .readNamespacedPodLog({ ...request, previous: restarted })
        .catch((error: unknown) => `(its log can't be read: ${firstLine(error)})`);
      lines.push(`pod ${name}, container ${container}, last log lines:\n${log.trimEnd() || "(it logged nothing)"}`);
    }
  }
  return lines;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
}
