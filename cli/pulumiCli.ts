import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { PROJECT_ROOT } from "../components/settings.ts";
import { parallelVariable } from "../local/engine/parallel.ts";
import { PolicyCollector, PolicyViolations } from "../local/engine/policyViolations.ts";
import { RunFailure, UserError } from "./exit.ts";

/** The rules of what no object of a stack may be. */
const POLICY_PACK = join(PROJECT_ROOT, "policy");

/**
 * Runs the Pulumi command line on a stack of the user's own, with the user's own backend and login: `rewardlab up` and
 * `pulumi up` then act on the same state. Throws UserError when Pulumi is not installed, RunFailure when it fails.
 */
export async function runPulumi(args: readonly string[], signal: AbortSignal): Promise<void> {
  const child = spawn("pulumi", [...args], { cwd: PROJECT_ROOT, stdio: "inherit", env: { ...parallelVariable, ...process.env } });
  // The terminal's Ctrl-C reaches Pulumi by itself; it stops in order and we wait for that.
  signal.addEventListener("abort", () => child.kill("SIGINT"));
  const failed = once(child, "error").then(([error]: unknown[]) => {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new UserError("The Pulumi command line is not on the PATH; a stack on a cluster of your own needs it and its login (pulumi.com/docs/install), unless you name the cluster by --context NAME: then this program's own engine runs it.");
  });
  const [status] = (await Promise.race([once(child, "close"), failed])) as [number | null];
  signal.throwIfAborted();
  if (status !== 0) throw new RunFailure(`pulumi ${args.join(" ")} ended with status ${status}.`);
}

/**
 * Runs a `preview` or an `up` of the user's Pulumi under the stack's policies. Throws PolicyViolations when what is planned
 * breaks a rule, which Pulumi's own status does not tell from any other failure: its log of events does.
 */
export async function runPulumiChecked(args: readonly string[], signal: AbortSignal): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "rewardlab-pulumi-"));
  const log = join(folder, "events.json");
  try {
    await runPulumi([...args, "--policy-pack", POLICY_PACK, "--event-log", log], signal);
  } catch (error) {
    if (error instanceof RunFailure) demandPolicies(await readFile(log, "utf8").catch(() => ""));
    throw error;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * Throws UserError when the user's Pulumi has the stack on another cluster than this one. A destruction runs no program that
 * could look: it would find nothing in the wrong cluster, take that for done, and forget what the right one still has.
 */
export async function demandOwnCluster(stack: string, cluster: { name: string; uid: string }): Promise<void> {
  const args = ["stack", "output", "clusterUid", "--stack", stack];
  // Nothing to compare with before the first update, and where Pulumi itself fails the destruction says why.
  const known = await promisify(execFile)("pulumi", args, { cwd: PROJECT_ROOT }).then(({ stdout }) => stdout.trim(), () => "");
  if (known === "" || known === cluster.uid) return;
  throw new UserError(`Context "${cluster.name}" is another cluster (its kube-system has the UID ${cluster.uid}) than the one that stack ${stack} is on (${known}). Nothing was changed.\n`
    + `Set cluster.kubeconfig and cluster.context in Pulumi.${stack}.yaml to the stack's own cluster. If that cluster is gone for good: PULUMI_K8S_DELETE_UNREACHABLE=true pulumi destroy --stack ${stack}`);
}

function demandPolicies(log: string): void {
  const events = log.split("\n").filter((line) => line.trim() !== "").map((line) => JSON.parse(line) as EngineEvent);
  const policies = new PolicyCollector();
  for (const event of events) policies.handle(event);
  const changed = events.some(({ resOutputsEvent }) => resOutputsEvent !== undefined && resOutputsEvent.planning !== true);
  if (policies.violations.length > 0) throw new PolicyViolations(policies.violations, !changed);
}
