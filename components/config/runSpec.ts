import { createHash } from "node:crypto";
import { type RunSpec, runSpec } from "../../images/runner/src/runSpec.ts";
import { GUARDS } from "./defaults.ts";
import { canonicalJson } from "./homes.ts";
import { issueProblems } from "./issues.ts";
import type { RewardConfig } from "./normalise.ts";
import type { Notice } from "./notices.ts";
import { applyOverrides } from "./overrides.ts";
import type { Problem } from "./problem.ts";
import type { RunContext } from "./runContext.ts";
import { specNotices, specProblems } from "./specChecks.ts";
import { resolveTaskUrl, taskUrlProblems } from "./taskUrl.ts";

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
    ...(context.results && { results: context.results }),
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
