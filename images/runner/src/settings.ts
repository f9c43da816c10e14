import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { ConfigError } from "./failure.ts";
import { runBudget, type RunBudget } from "./runBudget.ts";
import { runSpec, type RunSpec } from "./runSpec.ts";

/** Everything that comes from outside: the spec file, the budget file and environment variables. Nothing else reads either. */
export interface Settings {
  spec: RunSpec;
  /**
   * Names the run at the trainer and the server: `<run>-<8 hex digits>`. The digits are a hash of the spec file and of
   * the Job's uid, so the pods of one Job continue one run, and a changed config or a second attempt never meets the
   * state, the adapter folders or the prefix cache of the one before.
   */
  runKey: string;
  /** Bearer token of vLLM and the trainer. */
  synthApiKey: string;
  /** X-API-Key of the task app. */
  environmentApiKey: string;
  /** The budget as its file says it now; null where there is none. Left out: never any. */
  budget?: () => RunBudget | null;
  /** Keys of what keeps the run's results; those that its kind needs. */
  resultsKeys?: { storeKey?: string; s3AccessKeyId?: string; s3SecretAccessKey?: string };
  /** Name of the pod, and when this process began (milliseconds). */
  pod?: string;
  startedAt?: number;
  /** For tests: retries of the first file that is kept, and how long a run that has ended waits for the last. */
  patience?: { firstRetries: number; keepSeconds: number };
}

type KeyName = "SYNTH_API_KEY" | "ENVIRONMENT_API_KEY" | "RESULTS_API_KEY" | "S3_ACCESS_KEY_ID" | "S3_SECRET_ACCESS_KEY";

/** Where a RewardJob mounts its ConfigMap. */
export const SPEC_PATH = "/spec/run.json";
export const BUDGET_PATH = "/budget/budget.json";

/** Reads the settings. Throws a ConfigError that lists every problem with its place. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const problems: string[] = [];
  const path = env.RUN_SPEC_PATH ?? SPEC_PATH;
  const text = attempt(problems, path, () => readFileSync(path, "utf8"));
  const json = text === undefined ? undefined : attempt(problems, path, () => JSON.parse(text) as unknown);
  const parsed = json === undefined ? undefined : runSpec.safeParse(json);
  for (const issue of parsed?.error?.issues ?? []) {
    problems.push(`${path}: ${issue.path.join(".") || "(whole file)"}: ${issue.message}`);
  }
  const key = (name: KeyName) => {
    const value = env[name]?.trim() ?? "";
    if (value === "") problems.push(`environment variable ${name}: not set`);
    return value;
  };
  const [synthApiKey, environmentApiKey] = [key("SYNTH_API_KEY"), key("ENVIRONMENT_API_KEY")];
  const place = parsed?.data?.results?.kind;
  const resultsKeys = {
    ...(place === "store" && { storeKey: key("RESULTS_API_KEY") }),
    ...(place === "s3" && { s3AccessKeyId: key("S3_ACCESS_KEY_ID"), s3SecretAccessKey: key("S3_SECRET_ACCESS_KEY") }),
  };

  if (problems.length > 0 || !parsed?.success || text === undefined) {
    const remedy =
      "the RewardJob component writes the spec and refers to the keys in the Secret; run `rewardlab check`";
    throw new ConfigError(`the run can't start:\n  ${problems.join("\n  ")}`, remedy);
  }
  const digits = createHash("sha256")
    .update(text)
    .update("\0")
    .update(env.JOB_UID ?? "")
    .digest("hex")
    .slice(0, 8);
  const budget = () => readBudget(env.RUN_BUDGET_PATH ?? BUDGET_PATH);
  return {
    spec: parsed.data, runKey: `${parsed.data.name}-${digits}`, synthApiKey, environmentApiKey, budget, resultsKeys,
    pod: env.HOSTNAME, startedAt: Math.round(Date.now() - process.uptime() * 1000),
  };
}

/** A volume that is not there yet is no budget; one that says something else than a budget ends the run. */
function readBudget(path: string): RunBudget | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    return runBudget.parse(JSON.parse(text));
  } catch (error) {
    throw new ConfigError(`${path} is no budget: ${(error as Error).message}`, "bring the stack up again: the RewardJob component writes it");
  }
}

function attempt<T>(problems: string[], place: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    problems.push(`${place}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
