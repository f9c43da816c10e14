import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { VerbContext } from "./command.ts";
import { type EngineStack, forgetEngineState } from "./engineStack.ts";

/**
 * Drops the state of a cluster that is gone. A node that was killed comes back as a new, empty cluster; the objects that
 * the state tells of went with the old one, and waiting for their deletion would last for ever.
 */
export async function forgetOtherCluster(stack: EngineStack, clusterIdentifier: string, stateDir: string, context: VerbContext): Promise<void> {
  const record = join(stateDir, "cluster-of-the-state");
  const known = await readFile(record, "utf8").catch(() => null);
  if (known === clusterIdentifier) return;
  if (known !== null) {
    context.screen.line("the cluster is a new one: forgetting what the state says of the old one");
    await forgetEngineState(stack, context);
  }
  await mkdir(stateDir, { recursive: true });
  await writeFile(record, clusterIdentifier);
}
