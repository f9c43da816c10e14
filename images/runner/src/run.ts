import { Adapters } from "./adapters.ts";
import { announceStart } from "./announcement.ts";
import type { RunContext } from "./context.ts";
import { ConfigError, RunFailure } from "./failure.ts";
import { HttpError, NoAnswerError } from "./http.ts";
import { runLoop } from "./loop.ts";
import { Meter } from "./meter.ts";
import { openResults } from "./results/open.ts";
import type { Results } from "./results/results.ts";
import { RunLog } from "./runLog.ts";
import type { Settings } from "./settings.ts";
import { newStanding, type Standing } from "./standing.ts";
import { TaskApp } from "./taskApp.ts";
import { Trainer } from "./trainer.ts";
import { Vllm } from "./vllm.ts";

/** Exit codes of the program. */
export const EXIT = { finished: 0, failed: 1, config: 78, interrupted: 130, terminated: 143 } as const;

/** Told to stop by the system. The run is as it was after its last step; the Job's next pod goes on from there. */
export class Stopped extends Error {
  readonly exitCode: number;

  constructor(signal: "SIGTERM" | "SIGINT") {
    super(`stopped by ${signal}`);
    this.exitCode = signal === "SIGTERM" ? EXIT.terminated : EXIT.interrupted;
  }
}

/**
 * Makes the parts, runs the loop and puts its end into words. `signal` is aborted with a Stopped. Everything is written
 * to `out` when the promise resolves, with the exit code.
 */
export async function run(settings: Settings, out: NodeJS.WritableStream, signal: AbortSignal): Promise<number> {
  const { spec, runKey, synthApiKey, environmentApiKey } = settings;
  const standing = newStanding();
  const results = await openResults(settings, (upload, error) => void tellFailure(log, standing, upload, error));
  const log = new RunLog(results?.listen(out) ?? out, spec.name);
  const taskApp = new TaskApp(spec.endpoints.taskApp, environmentApiKey);
  const vllm = new Vllm(spec.endpoints.vllm, synthApiKey);
  const trainer = new Trainer(spec.endpoints.trainer, synthApiKey, runKey);
  const adapters = new Adapters(vllm, trainer, { runKey, guards: spec.guards, signal, log });
  const context: RunContext = { spec, runKey, taskApp, vllm, trainer, adapters, log, meter: new Meter(settings.budget ?? (() => null)), results, patience: settings.patience?.keepSeconds ?? KEEP_SECONDS, signal };
  let wait = context.patience;
  try {
    await results?.begin(signal);
    await runLoop(context, standing);
    wait = KEEP_SECONDS_SHORT;
    return EXIT.finished;
  } catch (error) {
    const reason: unknown = signal.aborted ? signal.reason : error;
    if (!(reason instanceof Stopped)) return await reportFailure(context, standing, reason);
    wait = KEEP_SECONDS_SHORT;
    await log.info(
      `${reason.message} in iteration ${standing.iteration}; a new pod of this Job goes on after the last step`,
    );
    return reason.exitCode;
  } finally {
    if (results !== null) await keepResults(results, log, standing, Math.min(wait, context.patience));
    await log.flush();
    for (const client of [taskApp, vllm, trainer]) client.close();
  }
}

/** How long a run that has ended waits for its results to be kept; for a finished one's last lines, or in a pod that is told to stop and has half a minute. */
const [KEEP_SECONDS, KEEP_SECONDS_SHORT] = [300, 20];

/** An upload that failed is tried again until the run's end; it is said at once, so that somebody can look at the store. */
async function tellFailure(log: RunLog, standing: Standing, upload: string, error: unknown): Promise<void> {
  const message = `${upload} is not kept yet, and will be tried again: ${(error as Error).message}`;
  await log.event({ type: "run.warning", iteration: standing.iteration, message });
  await log.warn(message);
}

/**
 * Waits until the run's results are kept. What could not be kept is said in the run's last lines. The run is not failed for
 * it: that would bring nothing back, and would take a sound measurement out of the comparison.
 */
async function keepResults(results: Results, log: RunLog, standing: Standing, seconds: number): Promise<void> {
  await log.flush();
  const lost = await results.end(seconds);
  if (lost.length === 0) return;
  const message = `results of this run were NOT kept: ${lost.join(", ")}. They are in this log and on the trainer's disk alone: collect them before the stack is destroyed (rewardlab down does)`;
  await log.event({ type: "run.warning", iteration: standing.iteration, message });
  await log.warn(message);
}

/** Writes run.failed and the line for people, which is the last one. */
async function reportFailure(context: RunContext, standing: Standing, error: unknown): Promise<number> {
  const { spec, log, adapters } = context;
  const reason = error instanceof Error ? error.message : String(error);
  const remedy = remedyOf(error);
  if (!standing.started) await announceStart(context, standing, null);
  await log.event({
    type: "run.failed",
    iteration: standing.iteration,
    reason,
    remedy,
    batchRewards: standing.tally.batchRewards,
  });
  if (remedy === UNFORESEEN) await log.error(error instanceof Error ? (error.stack ?? reason) : reason);
  // The server's slots are the other runs' too. The trainer's state stays: it shows what happened.
  await adapters.end().catch(() => undefined);
  await log.error(`run ${spec.name} failed in iteration ${standing.iteration}: ${reason}. What to do: ${remedy}`);
  return error instanceof ConfigError ? EXIT.config : EXIT.failed;
}

const UNFORESEEN = "this is a fault of the runner: report it with the stack above";

function remedyOf(error: unknown): string {
  if (error instanceof RunFailure) return error.remedy;
  if (error instanceof HttpError || error instanceof NoAnswerError) {
    return `look at the log of ${error.service}, then start a new attempt`;
  }
  return UNFORESEEN;
}
