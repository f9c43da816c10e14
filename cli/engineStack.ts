import { homedir } from "node:os";
import { join } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import program from "../index.ts";
import { ConfigError } from "../components/config/problem.ts";
import { PROJECT } from "../components/names.ts";
import { PROJECT_ROOT } from "../components/settings.ts";
import type { StackOverlay } from "../components/settings/schema.ts";
import { forgetStack, runStack, type StackOperation, type StackOptions, type StackResult } from "../local/engine/runStack.ts";
import { stateFile } from "../local/engine/recovery.ts";
import { savingOf, savingOfState, type StateSaving, UnsavedUpdate } from "../local/engine/stateSaving.ts";
import type { VerbContext } from "./command.ts";
import { removeUnsaved, savedObjects } from "./unsavedObjects.ts";

/** Where official Pulumi plugins are. */
export const OFFICIAL_PLUGINS = join(homedir(), ".pulumi", "plugins");

/** The rules of what no object of a stack may be. */
export const POLICY_PACK = join(PROJECT_ROOT, "policy");

/** A stack that this program's own engine runs, with its state in a folder of this machine. */
export interface EngineStack {
  name: string;
  /** Laid over the stack file: what only the command line knows. */
  overlay: StackOverlay;
  /** The engine's folder for this stack. */
  workDir: string;
  /** Where its state is. */
  backendDir: string;
  passphraseFile: string;
  pulumiBinary: string;
  /** How its cluster is reached. */
  kubeConfig: () => KubeConfig;
  /** Called before the first change of an `up`. */
  beforeUp?: () => void;
  /** Called after an `up` that succeeded. */
  afterUp?: () => Promise<void>;
  /** Called after any operation, however it ended. */
  afterwards?: () => void;
}

function optionsOf({ name, overlay, workDir, backendDir, passphraseFile, pulumiBinary }: EngineStack, operation: StackOperation, { screen, signal }: VerbContext): StackOptions {
  return {
    operation,
    program: () => program(overlay),
    projectName: PROJECT,
    stackName: name,
    rootDir: PROJECT_ROOT,
    workDir,
    backendDir,
    passphraseFile,
    projectFile: join(PROJECT_ROOT, "Pulumi.yaml"),
    stackConfigFile: join(PROJECT_ROOT, `Pulumi.${name}.yaml`),
    pulumiBinary,
    node: process.execPath,
    officialPlugins: OFFICIAL_PLUGINS,
    policyPack: POLICY_PACK,
    removeStack: operation === "destroy",
    progress: screen.line,
    signal,
  };
}

/**
 * Runs the engine on a stack. Throws StackFailure when the operation fails, ConfigError when the program refuses its input, and PolicyViolations when what is planned
 * breaks a rule: before an `up` there is a preview, so that nothing is made of such a plan.
 */
export async function runEngine(stack: EngineStack, operation: StackOperation, context: VerbContext): Promise<StackResult> {
  // The engine hands on the words of an error that the program threw, and not the error, which has the exit code.
  let refusal: ConfigError | undefined;
  const watched = () => program(stack.overlay).catch((error: unknown) => {
    if (error instanceof ConfigError) refusal = error;
    throw error;
  });
  const state = stateFile({ ...stack, projectName: PROJECT, stackName: stack.name });
  const unsaved = new UnsavedUpdate(stack.workDir);
  const removeLeft = async () => {
    if (!unsaved.isLeft) return;
    await removeUnsaved(stack.kubeConfig(), stack.name, savedObjects(state), context.screen);
    unsaved.forget();
  };
  const run = (what: StackOperation, stateSaving: StateSaving, beforehand?: () => Promise<void>) =>
    runStack({ ...optionsOf(stack, what, context), program: watched, stateSaving, ...(beforehand && { beforehand }) }).catch((error: unknown) => { throw refusal ?? error; });
  try {
    const saving = savingOfState(state);
    if (operation !== "up") return await run(operation, saving, operation === "preview" ? undefined : removeLeft);
    const { changes } = await run("preview", saving, removeLeft);
    const savingUp = savingOf(Object.values(changes).reduce((sum, count) => sum + count, 0));
    stack.beforeUp?.();
    // From here on what is left is this update's own.
    if (savingUp === "at the end") unsaved.begin();
    const result = await run("up", savingUp).finally(() => unsaved.end(state));
    await stack.afterUp?.();
    return result;
  } finally {
    stack.afterwards?.();
  }
}

/** Drops a stack's state, for a cluster that is gone with everything in it. */
export const forgetEngineState = (stack: EngineStack, context: VerbContext): Promise<void> => forgetStack(optionsOf(stack, "refresh", context));
