import type { Output } from "@pulumi/pulumi";
import type { SecretName } from "./config/envKeys.ts";
import { mergeNotices } from "./config/notices.ts";
import { refuse } from "./config/problem.ts";
import { readEnvFile } from "./envFile.ts";
import { expandExperiments } from "./experiments/expand.ts";
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
  const { experiments, problems } = expandExperiments(settings.experiments);
  // Each file is read once, however many runs are made of it; entries that could not be expanded have theirs read too.
  const files = new Map([...new Set(settings.experiments.map(({ config }) => config))].map((path) => [path, readRewardConfig(path, root)]));
  const read = [...files.values()];
  // Runs are planned for the configs that are good, so that one bad file does not hide what is wrong with the others.
  const good = experiments.flatMap((experiment) => {
    const config = files.get(experiment.config)!.config;
    return config ? [{ experiment, config }] : [];
  });
  const plan = planRuns(stack, settings, good, taskAppUrlOfEnvironment() ?? env.taskAppUrl);
  const ofList = problems.map((problem) => ({ file: `Pulumi.${stack}.yaml`, ...problem }));
  refuse([...env.problems, ...ofList, ...read.flatMap((file) => file.problems), ...plan.problems]);
  return {
    pairs: plan.pairs,
    runs: plan.runs,
    quote: plan.quote,
    notices: mergeNotices([...env.notices, ...read.flatMap(({ notices }) => notices), ...plan.notices]),
    secrets: env.secrets,
  };
}
