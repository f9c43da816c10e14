import { mkdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import program from "../index.ts";
import { PROJECT } from "../components/names.ts";
import { type Folders, PROJECT_ROOT } from "../components/settings.ts";
import { forgetStack, runStack, type StackOperation, type StackOptions, type StackResult } from "../local/engine/runStack.ts";
import { type EmbeddedFacts, embeddedOverlay } from "../local/overlay.ts";
import type { VerbContext } from "./command.ts";
import { EMBEDDED } from "./embeddedName.ts";



export interface EmbeddedStack {
  facts: EmbeddedFacts;
  folders: Folders;
  pulumiBinary: string;
  passphraseFile: string;
}

function optionsOf({ facts, folders, pulumiBinary, passphraseFile }: EmbeddedStack, operation: StackOperation, { screen, signal }: VerbContext): StackOptions {
  return {
    operation,
    program: () => program(embeddedOverlay(facts)),
    projectName: PROJECT,
    stackName: EMBEDDED,
    rootDir: PROJECT_ROOT,
    workDir: join(folders.stateDir, "engine", EMBEDDED),
    backendDir: join(folders.stateDir, "pulumi"),
    passphraseFile,
    projectFile: join(PROJECT_ROOT, "Pulumi.yaml"),
    stackConfigFile: join(PROJECT_ROOT, `Pulumi.${EMBEDDED}.yaml`),
    pulumiBinary,
    node: process.execPath,
    officialPlugins: join(homedir(), ".pulumi", "plugins"),
    removeStack: operation === "destroy",
    progress: screen.line,
    signal,
  };
}

/** Runs the engine on the embedded stack. Throws StackFailure when the operation fails. */
export const runEmbedded = (stack: EmbeddedStack, operation: StackOperation, context: VerbContext): Promise<StackResult> =>
  runStack(optionsOf(stack, operation, context));

/**
 * Drops the state of a cluster that is gone. A node that was killed comes back as a new, empty cluster; the objects that
 * the state tells of went with the old one, and waiting for their deletion would last for ever.
 */
export async function forgetOtherCluster(stack: EmbeddedStack, context: VerbContext): Promise<void> {
  const record = join(stack.folders.stateDir, "cluster-of-the-state");
  const known = await readFile(record, "utf8").catch(() => null);
  if (known === stack.facts.clusterIdentifier) return;
  if (known !== null) {
    context.screen.line("the cluster is a new one: forgetting what the state says of the old one");
    await forgetStack(optionsOf(stack, "refresh", context));
  }
  await mkdir(stack.folders.stateDir, { recursive: true });
  await writeFile(record, stack.facts.clusterIdentifier);
}
