import type { RunSpec } from "../images/runner/src/runSpec.ts";
import type { RewardConfig } from "./config/normalise.ts";
import { mergeNotices, type Notice } from "./config/notices.ts";
import type { Problem } from "./config/problem.ts";
import { toRunSpec } from "./config/runSpec.ts";
import { compareRuns } from "./config/specChecks.ts";
import { endpointsOf, runNameOf } from "./names.ts";
import { packExperiments, type Pair } from "./packing.ts";
import type { StackSettings } from "./settings/schema.ts";

/** What a stack will run: its pairs, and each run's spec with the pair it is on. */
export interface Plan {
  pairs: Pair[];
  runs: { pair: string; spec: RunSpec }[];
  notices: Notice[];
  problems: Problem[];
}

/**
 * The plan of a stack; pure.
 *
 * @param configs one for each of settings.experiments, in their order
 * @param taskAppUrl TASK_APP_URL of the environment
 */
export function planRuns(stack: string, settings: StackSettings, configs: readonly RewardConfig[], taskAppUrl?: string): Plan {
  const named = settings.experiments.map((experiment, index) =>
    ({ name: experiment.name ?? runNameOf(experiment.config), attempt: experiment.attempt, config: configs[index]! }));
  const packing = packExperiments(named.map(({ name }) => name), {
    placement: settings.placement, gpusPerNode: settings.gpu.gpusPerNode, nodeCount: settings.gpu.nodeCount, maxSlots: settings.vllm.maxSlots,
  });
  // By position, not by name: two runs of one name are a problem that is told below.
  const pairOf = packing.pairs.flatMap((pair) => pair.experiments.map(() => pair.name));
  const resolved = named.map(({ name, attempt, config }, index) => toRunSpec(config, {
    name, stack, attempt,
    model: { name: settings.model.name, maxModelLen: settings.model.maxModelLen },
    maxLoraRank: settings.vllm.maxLoraRank,
    endpoints: endpointsOf(pairOf[index]!),
    overrides: settings.run,
    taskUrl: { flag: settings.taskUrl, environment: taskAppUrl },
  }));
  const runs = resolved.flatMap(({ spec }, index) => (spec ? [{ pair: pairOf[index]!, spec }] : []));
  const comparison = compareRuns(runs.map(({ spec }) => spec));
  return {
    pairs: packing.pairs,
    runs,
    notices: mergeNotices([...resolved, comparison].flatMap(({ notices }) => notices)),
    problems: [
      ...packing.problems.map((problem) => ({ file: `Pulumi.${stack}.yaml`, ...problem })),
      ...[...resolved, comparison].flatMap(({ problems }) => problems),
    ],
  };
}
