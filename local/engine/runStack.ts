import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type EngineEvent,
  LocalWorkspace,
  type OpMap,
  type OutputMap,
  PulumiCommand,
  type PulumiFn,
  type Stack,
} from "@pulumi/pulumi/automation/index.js";
import type { LocalContext } from "../context.ts";
import { writePulumiLauncher } from "./launcher.ts";
import { keepNoEngineLog } from "./engineLog.ts";
import { claim, releaseStaleLocks } from "./locks.ts";
import { parallelVariable } from "./parallel.ts";
import { ensurePassphrase } from "./passphrase.ts";
import { preparePlugins } from "./plugins.ts";
import { PolicyCollector, PolicyViolations } from "./policyViolations.ts";
import { writeProjectFiles } from "./projectFiles.ts";
import { recoverPending } from "./recovery.ts";
import { ResourceProgress } from "./resourceProgress.ts";
import { ProblemCollector, StackFailure } from "./stackFailure.ts";
import { type StateSaving, savingVariables } from "./stateSaving.ts";

export type StackOperation = "up" | "preview" | "refresh" | "destroy";

export interface StackOptions extends LocalContext {
  operation: StackOperation;
  /** The very function that `index.ts` exports; its result becomes the stack's outputs. */
  program: PulumiFn;
  projectName: string;
  stackName: string;
  /** The project's folder: relative paths in the program, like an image's context, are taken from it. */
  rootDir: string;
  /** The engine's own folder for this stack: copies of the project's files, launchers, `PULUMI_HOME`. */
  workDir: string;
  /** Where states are kept; shared by all stacks. */
  backendDir: string;
  /** Made when it isn't there. */
  passphraseFile: string;
  projectFile?: string;
  stackConfigFile?: string;
  pulumiBinary: string;
  /** The Node that runs the stand-in providers. */
  node: string;
  /** Where official plugins are looked for: `~/.pulumi/plugins`. */
  officialPlugins: string;
  /** Put before the engine's PATH, for the programs that the providers run. */
  pathDirs?: string[];
  /** Folder of a policy pack that looks at what is planned; `preview` and `up` alone. */
  policyPack?: string;
  /** When the state is written; after each step, if left out. */
  stateSaving?: StateSaving;
  /** With `destroy`: forget the stack when it's empty. */
  removeStack?: boolean;
  onEvent?: (event: EngineEvent) => void;
  /** Called before the operation, when no other engine is at work on the stack any more. */
  beforehand?: () => Promise<void>;
}

export interface StackResult {
  operation: StackOperation;
  /** The stack's outputs; secret ones are masked. Empty after a preview or a destroy. */
  outputs: Record<string, unknown>;
  /** Number of resources by what was (or, in a preview, would be) done to them: `create`, `update`, `same`… */
  changes: OpMap;
  seconds: number;
}

/**
 * Runs the real Pulumi engine on a stack, with the program in this process. A run that was cut off before is cleaned up
 * first. Nothing goes to the network and no file of the user is written.
 *
 * Throws `StackBusy` when another process is changing the stack, `PolicyViolations` when the policy pack forbids what is
 * planned, `StackFailure` when the operation fails, and the signal's reason when aborted (after the engine has stopped in
 * order).
 */
export async function runStack(options: StackOptions): Promise<StackResult> {
  const started = performance.now();
  const stack = await openStack(options);
  await options.beforehand?.();
  if (options.operation !== "preview") await recoverPending(stack, options);
  const { changes, outputs } = await perform(stack, options);
  if (options.operation === "destroy" && options.removeStack) await stack.workspace.removeStack(options.stackName);
  return { operation: options.operation, outputs, changes, seconds: (performance.now() - started) / 1000 };
}

/**
 * Drops a stack's state without touching what it describes: for a cluster that is gone with everything in it. Nothing
 * happens when there's no such stack.
 */
export async function forgetStack(options: StackOptions): Promise<void> {
  const stack = await openStack(options);
  await stack.workspace.removeStack(options.stackName, { force: true });
}

/** The outputs that the last run recorded, secret ones masked; undefined when the stack was never brought up. */
export async function readOutputs(options: StackOptions): Promise<Record<string, unknown> | undefined> {
  const stack = await openStack(options);
  const outputs = masked(await stack.outputs());
  return Object.keys(outputs).length > 0 ? outputs : undefined;
}

/** The engine's PULUMI_HOME, by which its processes are known: providers and the policy pack's program inherit it. */
export const engineHome = (workDir: string): string => join(workDir, "home");

async function openStack(options: StackOptions): Promise<Stack> {
  const { workDir, backendDir, stackName, projectName, program } = options;
  options.signal.throwIfAborted();
  const home = engineHome(workDir);
  const bin = join(workDir, "bin");
  for (const folder of [home, backendDir]) mkdirSync(folder, { recursive: true });
  keepNoEngineLog(home);
  writeProjectFiles(options);
  ensurePassphrase(options.passphraseFile);
  writePulumiLauncher(bin, home, options.pulumiBinary, options.pathDirs ?? []);
  const notice = preparePlugins({ official: options.officialPlugins, home, bin }, options.node);
  if (notice) options.progress(notice);
  await releaseStaleLocks(options, options.progress);
  claim(workDir);
  const pulumiCommand = await PulumiCommand.get({ root: workDir });
  return LocalWorkspace.createOrSelectStack(
    { stackName, projectName, program },
    {
      workDir,
      pulumiHome: home,
      pulumiCommand,
      envVars: {
        PULUMI_BACKEND_URL: `file://${backendDir}`,
        PULUMI_CONFIG_PASSPHRASE_FILE: options.passphraseFile,
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true",
        ...parallelVariable,
        // The engine collects its garbage at twice the living memory by default: a quarter of its time in a large stack.
        GOGC: "400",
        ...savingVariables(options.stateSaving ?? "each step"),
      },
    },
  );
}

async function perform(stack: Stack, options: StackOptions): Promise<Pick<StackResult, "changes" | "outputs">> {
  const { operation, signal } = options;
  const progress = new ResourceProgress();
  const collector = new ProblemCollector();
  const policies = new PolicyCollector();
  let changes: OpMap = {};
  const now = () => performance.now() / 1000;
  const report = (lines: string[]) => lines.forEach((line) => options.progress(line));
  const onEvent = (event: EngineEvent) => {
    // The SDK's debug lines show every property in clear, secrets too: they go no further.
    if (event.diagnosticEvent?.severity === ("debug" as string)) return;
    if (event.summaryEvent) changes = ownChanges(event.summaryEvent.resourceChanges);
    collector.handle(event);
    policies.handle(event);
    report(progress.handle(event, now()));
    options.onEvent?.(event);
  };
  const timer = setInterval(() => report(progress.tick(now())), 500);
  const frames = Error.stackTraceLimit;
  // The SDK keeps the stack of every promise that it makes: a quarter of the program's time in a large stack.
  if (options.stateSaving === "at the end") Error.stackTraceLimit = 1;
  try {
    let outputs: OutputMap = {};
    const policyPacks = options.policyPack === undefined ? {} : { policyPacks: [options.policyPack] };
    // What the engine would print is read by nobody: what is told here is made of its events.
    const how = { onEvent, signal, suppressProgress: true, suppressOutputs: true };
    if (operation === "up") ({ outputs } = await stack.up({ ...how, ...policyPacks }));
    else if (operation === "preview") await stack.preview({ ...how, ...policyPacks });
    else if (operation === "destroy") await stack.destroy(how);
    else {
      await stack.refresh(how);
      outputs = await stack.outputs();
    }
    return { changes, outputs: masked(outputs) };
  } catch (error) {
    signal.throwIfAborted();
    if (policies.violations.length > 0) throw new PolicyViolations(policies.violations, operation === "preview");
    throw new StackFailure(operation, options.stackName, collector.problems, error);
  } finally {
    clearInterval(timer);
    Error.stackTraceLimit = frames;
  }
}

function masked(outputs: OutputMap): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, output]) => [name, output.secret ? "[secret]" : (output.value as unknown)]),
  );
}

/** What is somebody else's is read and forgotten, and that is no change. */
function ownChanges(changes: OpMap): OpMap {
  return Object.fromEntries(Object.entries(changes).filter(([operation]) => operation !== "read" && operation !== "discard"));
}
