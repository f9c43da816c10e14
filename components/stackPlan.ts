import type { Output } from "@pulumi/pulumi";
import type { SecretName } from "./config/envKeys.ts";
import { mergeNotices } from "./config/notices.ts";
import { refuse } from "./config/problem.ts";
import { readEnvFile } from "./envFile.ts";
import { type Plan, planRuns } from "./plan.ts";
import { readRewardConfig } from "./rewardConfig.ts";
import { PROJECT_ROOT, taskAppUrlOfEnvironment } from "./settings.ts";
import type { StackSettings } from "./settings/schema.ts";

/** A plan without problems, and the secrets for its pods. */
export type StackPlan = Omit<Plan, "problems"> & { secrets: Partial<Record<SecretName, Output<string>>> };

/**
 * Reads a stack's env file and all of its reward configs and plans its runs. Nothing is created.
 *
 * @throws ConfigError with every problem of every file
 */
export function planStack(settings: StackSettings, stack: string, root: string = PROJECT_ROOT): StackPlan {
  const env = readEnvFile(settings.envFile, root);
  const read = settings.experiments.map(({ config }) => readRewardConfig(config, root));
  const configs = read.flatMap(({ config }) => config ?? []);
  // Runs are planned for the configs that are good, so that one bad file does not hide what is wrong with the others.
  const good = settings.experiments.filter((_, index) => read[index]!.config);
  const plan = planRuns(stack, { ...settings, experiments: good }, configs, taskAppUrlOfEnvironment() ?? env.taskAppUrl);
  refuse([...env.problems, ...read.flatMap(({ problems }) => problems), ...plan.problems]);
  return {
    pairs: plan.pairs,
    runs: plan.runs,
    notices: mergeNotices([...env.notices, ...read.flatMap(({ notices }) => notices), ...plan.notices]),
    secrets: env.secrets,
  };
}
