import { spawn } from "node:child_process";
import { once } from "node:events";
import { PROJECT_ROOT } from "../components/settings.ts";
import { RunFailure, UserError } from "./exit.ts";

/**
 * Runs the Pulumi command line on a stack of the user's own, with the user's own backend and login: `rewardlab up` and
 * `pulumi up` then act on the same state. Throws UserError when Pulumi is not installed, RunFailure when it fails.
 */
export async function runPulumi(args: readonly string[], signal: AbortSignal): Promise<void> {
  const child = spawn("pulumi", [...args], { cwd: PROJECT_ROOT, stdio: "inherit" });
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
