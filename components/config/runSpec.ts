import { createHash } from "node:crypto";
import { type RunSpec, runSpec } from "../../images/runner/src/runSpec.ts";
import { GUARDS } from "./defaults.ts";
import { canonicalJson } from "./homes.ts";
import { issueProblems } from "./issues.ts";
import type { RewardConfig } from "./normalise.ts";
import type { Notice } from "./notices.ts";
import { applyOverrides, type RunOverrides } from "./overrides.ts";
import type { Problem } from "./problem.ts";
import { specNotices, specProblems } from "./specChecks.ts";
import { resolveTaskUrl, taskUrlProblems } from "./taskUrl.ts";

/** What a stack adds to a reward config to make a run of it. */
export interface RunContext {
  /** The run's name: a DNS label of at most 40 characters. */
  name: string;
  stack: string;
  /** From 1; a higher one runs the same experiment again. */
  attempt: number;
  /** The model that the stack serves, in place of the file's. */
  model: { name: string; maxModelLen: number };
  /** Highest adapter rank that the stack's servers take. */
  maxLoraRank: number;
  endpoints: RunSpec["endpoints"];
  overrides: RunOverrides;
  taskUrl: { flag?: string; environment?: string };
}

export interface ResolvedRun {
  /** Undefined if there are problems. */
  spec: RunSpec | undefined;
  problems: Problem[];
  notices: Notice[];
}

/** The RunSpec of a config in a stack, checked against the runner's own schema. */
export function toRunSpec(config: RewardConfig, context: RunContext): ResolvedRun {
  const resolved = applyOverrides(config, context.overrides);
  const taskUrl = resolveTaskUrl({ ...context.taskUrl, file: config.taskUrl }, context.endpoints.taskApp);
  const { seed, lora, algorithm, reward, rollout, training, evaluation } = resolved;
  const guards = { ...GUARDS, ...context.overrides.guards };
  const experiment = { seed, model: context.model, lora, algorithm, reward, rollout, training, evaluation, guards };
  const candidate: RunSpec = {
    version: 1,
    name: context.name,
    stack: context.stack,
    config: { path: config.path, sha256: createHash("sha256").update(canonicalJson(experiment)).digest("hex") },
    attempt: context.attempt,
    endpoints: { ...context.endpoints, taskApp: taskUrl.url },
    ...experiment,
  };
  const parsed = runSpec.safeParse(candidate);
  const outside = taskUrlProblems(taskUrl);
  const problems = outside.length > 0 ? outside : parsed.success ? specProblems(parsed.data, context) : issueProblems(parsed.error, candidate, {
    file: config.path, place: () => undefined, suggest: () => undefined, meaning: () => undefined,
  });
  return {
    spec: parsed.success && problems.length === 0 ? parsed.data : undefined,
    problems,
    notices: specNotices(candidate, config, taskUrl),
  };
}
