import type { Adapters } from "./adapters.ts";
import type { Meter } from "./meter.ts";
import type { Results } from "./results/results.ts";
import type { RunLog } from "./runLog.ts";
import type { RunSpec } from "./runSpec.ts";
import type { TaskApp } from "./taskApp.ts";
import type { Trainer } from "./trainer.ts";
import type { Vllm } from "./vllm.ts";

/** What every part of a run works with. */
export interface RunContext {
  spec: RunSpec;
  /** The run's name at the trainer and the server; see settings.ts. */
  runKey: string;
  taskApp: TaskApp;
  vllm: Vllm;
  trainer: Trainer;
  adapters: Adapters;
  log: RunLog;
  meter: Meter;
  /** Null where results are kept nowhere. */
  results: Results | null;
  /** Seconds that a run which has ended waits for its results to be kept. */
  patience: number;
  /** Aborted by SIGTERM and SIGINT. */
  signal: AbortSignal;
}
