import type { RunSpec } from "../../images/runner/src/runSpec.ts";
import { canonicalJson } from "./homes.ts";
import type { RewardConfig } from "./normalise.ts";
import type { Notice } from "./notices.ts";
import type { Problem } from "./problem.ts";
import type { RunContext } from "./runContext.ts";
import type { TaskUrl } from "./taskUrl.ts";

/** What a resolved run asks of its stack that the stack does not have. */
export function specProblems(spec: RunSpec, context: Pick<RunContext, "maxLoraRank">): Problem[] {
  const file = spec.config.path;
  return [
    ...(spec.lora.rank <= context.maxLoraRank ? [] : [{
      file, path: "lora.r", what: `is ${spec.lora.rank}, above the stack's vllm.maxLoraRank of ${context.maxLoraRank}: the server would refuse the adapter`,
      write: `Lower the rank, or write vllm.maxLoraRank: ${spec.lora.rank} in the stack's settings`,
    }]),
    ...(spec.rollout.maxTokens < spec.model.maxModelLen ? [] : [{
      file, path: "policy.max_tokens", what: `is ${spec.rollout.maxTokens}, not less than the stack's model.maxModelLen of ${spec.model.maxModelLen}: no room for a prompt`,
      write: "Lower max_tokens, or set run.maxTokens in the stack's settings",
    }]),
  ];
}

/** What a user should know of a resolved run. */
export function specNotices(spec: RunSpec, config: RewardConfig, taskUrl: TaskUrl): Notice[] {
  const notes: [path: string, applies: boolean, text: string][] = [
    ["model", config.modelName !== spec.model.name, `the stack serves ${spec.model.name} in place of ${config.modelName}`],
    ["services.task_url", taskUrl.from === "environment",
      `TASK_APP_URL from the environment (${taskUrl.url}) is used in place of the file's`],
    ["sampling.top_p", spec.rollout.topP < 1,
      `with top_p ${spec.rollout.topP} decisions come from a truncated distribution, and the trainer trains the whole one`],
    ["sampling.tool_choice", spec.rollout.toolChoice === "required",
      "constrained decoding reports log-probabilities after its mask: the mismatch gate sees that too"],
    ["lora.dropout", spec.lora.dropout > 0 && spec.algorithm.kind === "gspo",
      `dropout ${spec.lora.dropout} moves the sequence ratio by more than GSPO's clip of ${spec.algorithm.clipLow}`],
    ["step_rewards_indicator_lambda", spec.reward.stepwise && spec.reward.indicatorLambda === 0, "0 counts as 1.0"],
    ["step_rewards_weights", spec.reward.stepwise && spec.reward.strategy === "consistent"
      && Object.keys({ ...spec.reward.weights, ...spec.reward.kLimits }).length > 0, 'weights and k-limits are for the strategy "per_achievement" alone'],
    ["step_rewards_k_limits", Object.values(spec.reward.kLimits).some((limit) => limit > 1),
      "a limit above 1 never binds: Crafter unlocks an achievement once an episode"],
  ];
  return notes.filter(([, applies]) => applies).map(([path, , text]) => ({ path, text, files: [config.path] }));
}

/** Two runs of one name would write each other's adapters. */
export function repeatedNames(specs: readonly RunSpec[]): Problem[] {
  const seen = new Set<string>();
  return specs.filter(({ name }) => seen.has(name) || !seen.add(name)).map((spec) => ({
    file: spec.config.path, path: "name", what: `is "${spec.name}", as another run's`, write: "Give each experiment its own name",
  }));
}

/** Runs that differ in nothing but their name: the second pays for an answer that the first gives. */
export function repeatedExperiments(specs: readonly RunSpec[]): Notice[] {
  const names = Map.groupBy(specs, ({ config }) => config.sha256);
  return [...names.values()].filter((same) => same.length > 1).map((same) => ({
    path: "experiments", text: `${same.map(({ name }) => name).join(", ")} are one experiment: only their names differ`, files: [same[0]!.config.path],
  }));
}

/**
 * Runs of one stack stand side by side on the same held-out worlds: other worlds are a problem; any other difference but
 * the reward is told.
 */
export function compareRuns(specs: readonly RunSpec[]): { problems: Problem[]; notices: Notice[] } {
  const [first, ...others] = specs;
  if (!first) return { problems: [], notices: [] };
  const problems = others.filter((spec) => canonicalJson(spec.evaluation.seeds) !== canonicalJson(first.evaluation.seeds)).map((spec): Problem => ({
    file: spec.config.path, path: "evaluation.seeds", what: `differs from ${first.config.path}: results on other worlds can't be compared`,
    write: "Give all configs the same seeds and instances, or set run.evaluationSeeds in the stack's settings",
  }));
  const parts = { training: first.training, algorithm: first.algorithm, lora: first.lora, seed: first.seed, sampling: sampling(first) };
  const notices = others.flatMap((spec) => Object.entries(parts).flatMap(([path, value]): Notice[] => {
    const own = path === "sampling" ? sampling(spec) : spec[path as "training" | "algorithm" | "lora" | "seed"];
    return canonicalJson(own) === canonicalJson(value) ? [] : [{
      path, text: `${differences(value, own)}: these runs differ by more than their reward`, files: [first.config.path, spec.config.path],
    }];
  }));
  return { problems, notices };
}

const sampling = ({ rollout: { maxTurns, temperature, topP, maxTokens, toolChoice } }: RunSpec) =>
  ({ maxTurns, temperature, topP, maxTokens, toolChoice });

function differences(a: unknown, b: unknown): string {
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return `${JSON.stringify(a)} and ${JSON.stringify(b)}`;
  return Object.entries(a).filter(([key, value]) => canonicalJson((b as Record<string, unknown>)[key]) !== canonicalJson(value))
    .map(([key, value]) => `${key} ${JSON.stringify(value)} and ${JSON.stringify((b as Record<string, unknown>)[key])}`).join(", ");
}
