import type { Output } from "@pulumi/pulumi";
import type { SecretName } from "./config/envKeys.ts";
import { mergeNotices, type Notice } from "./config/notices.ts";
import { type Problem, refuse } from "./config/problem.ts";
import { readEnvFile } from "./envFile.ts";
import { expandExperiments } from "./experiments/expand.ts";
import { type Plan, planRuns } from "./plan.ts";
import { readRewardConfig } from "./rewardConfig.ts";
import { keyProblems, withStoreKey } from "./results/place.ts";
import { isFolderHere, PROJECT_ROOT, taskAppUrlOfEnvironment } from "./settings.ts";
import type { StackSettings } from "./settings/schema.ts";

/** A plan without problems, and the secrets for its pods. */
export type StackPlan = Omit<Plan, "problems"> & { secrets: Partial<Record<SecretName, Output<string>>> };

/**
 * Reads a stack's env file and all of its reward configs and plans its runs. Nothing is created.
 *
 * @param known what the caller has found wrong, to be told with the rest
 * @throws ConfigError with every problem of every file
 */
export function planStack(settings: StackSettings, stack: string, root: string = PROJECT_ROOT, known: readonly Problem[] = []): StackPlan {
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
  refuse([...known, ...env.problems, ...keyProblems(settings.results, env.secrets, settings.envFile), ...ofList, ...read.flatMap((file) => file.problems), ...plan.problems]);
  return {
    pairs: plan.pairs,
    runs: plan.runs,
    quote: plan.quote,
    notices: mergeNotices([...env.notices, ...read.flatMap(({ notices }) => notices), ...plan.notices, ...modelNotices(settings.model.source, `Pulumi.${stack}.yaml`)]),
    secrets: withStoreKey(settings.results, env.secrets, stack),
  };
}

/** A node's folders can't be seen from here: what a pod will do without the model is said before it costs a wait. */
function modelNotices(source: StackSettings["model"]["source"], file: string): Notice[] {
  if (source.kind !== "directory" || isFolderHere(source.path)) return [];
  return [{
    path: "model.source.path", files: [file],
    text: `${source.path} is not on this machine, so it was not looked for; every node of the pool needs it. Without it the pods of vLLM and the `
      + "trainer stay in ContainerCreating, with the event FailedMount (hostPath type check failed): kubectl describe pod shows it",
  }];
}
