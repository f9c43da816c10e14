import type { RunSpec } from "../images/runner/src/runSpec.ts";
import { budgetProblems } from "./budget/deadline.ts";
import { fleetFor, type Quote, quoteOf } from "./budget/quote.ts";
import { quoteText, unfinished } from "./budget/quoteText.ts";
import type { RewardConfig } from "./config/normalise.ts";
import { mergeNotices, type Notice } from "./config/notices.ts";
import type { Problem } from "./config/problem.ts";
import { toRunSpec } from "./config/runSpec.ts";
import { compareRuns, repeatedExperiments } from "./config/specChecks.ts";
import { effectProblems } from "./experiments/effects.ts";
import type { Experiment } from "./experiments/expand.ts";
import { endpointsOf } from "./names.ts";
import { turnProblems } from "./nodePool/checks.ts";
import { packExperiments, type Pair } from "./packing.ts";
import { placeOf } from "./results/place.ts";
import type { StackSettings } from "./settings/schema.ts";

/** What a stack will run: its pairs, and each run's spec with the pair it is on. */
export interface Plan {
  pairs: Pair[];
  runs: { pair: string; spec: RunSpec }[];
  quote: Quote;
  notices: Notice[];
  problems: Problem[];
}

/** An experiment with the config that it names. */
export interface ReadExperiment {
  experiment: Experiment;
  config: RewardConfig;
}

/**
 * The plan of a stack; pure.
 *
 * @param taskAppUrl TASK_APP_URL of the environment
 */
export function planRuns(stack: string, settings: StackSettings, experiments: readonly ReadExperiment[], taskAppUrl?: string): Plan {
  const packing = packExperiments(experiments.map(({ experiment }) => experiment.name), {
    placement: settings.placement, gpusPerNode: settings.gpu.gpusPerNode, nodeCount: settings.gpu.nodeCount, kueue: settings.queue !== undefined, maxSlots: settings.vllm.maxSlots,
  });
  // By position, not by name: two runs of one name are a problem, but one that is told with all others.
  const pairOf = packing.pairs.flatMap((pair) => pair.experiments.map(() => pair.name));
  const resolved = experiments.map(({ experiment, config }, index) => toRunSpec(config, {
    name: experiment.name, stack, attempt: experiment.attempt,
    model: { name: settings.model.name, maxModelLen: settings.model.maxModelLen },
    maxLoraRank: settings.vllm.maxLoraRank,
    endpoints: endpointsOf(pairOf[index]!),
    overrides: { ...settings.run, ...experiment.overrides, guards: { ...settings.run.guards, ...experiment.overrides.guards } },
    results: placeOf(settings.results, stack),
    taskUrl: { flag: settings.taskUrl, environment: taskAppUrl },
  }));
  const runs = resolved.flatMap(({ spec }, index) => (spec ? [{ pair: pairOf[index]!, spec }] : []));
  const specs = runs.map(({ spec }) => spec);
  // One run of each config: what a stack file varies is meant to differ, what its configs differ in may not be.
  const comparison = compareRuns(specs.filter(({ config }, index) => specs.findIndex((other) => other.config.path === config.path) === index));
  const money = planMoney(settings, packing.pairs, specs);
  const ofStack = [...packing.problems, ...money.problems, ...experiments.flatMap(({ experiment, config }) => effectProblems(experiment, config))];
  return {
    pairs: packing.pairs,
    runs,
    quote: money.quote,
    notices: mergeNotices([
      ...[...resolved, comparison].flatMap(({ notices }) => notices), ...repeatedExperiments(specs),
      ...money.texts.map((text) => ({ path: "quote", text, files: [`Pulumi.${stack}.yaml`] })),
    ]),
    problems: [
      ...ofStack.map((problem) => ({ file: `Pulumi.${stack}.yaml`, ...problem })),
      ...[...resolved, comparison].flatMap(({ problems }) => problems),
    ],
  };
}

const STAYING_NODES = "nothing here ends nodes that exist already: after that time they cost on, for as long as you keep them";

/** What the stack may cost, in numbers and in words. */
function planMoney({ deadlineMinutes, prices, budget, gpu, queue, vllm, trainer }: StackSettings, pairs: readonly Pair[], specs: readonly RunSpec[]) {
  const input = { deadlineMinutes, startMinutes: Math.max(vllm.readyWithinMinutes, trainer.readyWithinMinutes), prices, budget };
  const fleet = fleetFor(pairs.length, gpu);
  const quote = quoteOf({ ...input, pairs, gpusPerNode: gpu.gpusPerNode, nodeCount: gpu.nodeCount });
  return {
    quote,
    problems: [
      ...budgetProblems({ ...input, ...fleet }),
      ...turnProblems(gpu, { deadlineMinutes: quote.deadline.runMinutes, readyWithinMinutes: input.startMinutes, waves: fleet.waves }),
    ],
    texts: [...quoteText(quote), ...turns(pairs, queue?.kueue.clusterQueue), ...(prices && gpu.backend === "existing" ? [STAYING_NODES] : []), ...(budget ? unfinished(quote, budget, specs) : [])],
  };
}

/** Who has to wait, in words. */
function turns(pairs: readonly Pair[], clusterQueue: string | undefined): string[] {
  const waiting = pairs.filter(({ waits }) => waits).length;
  if (clusterQueue !== undefined) return [`pairs wait until Kueue has admitted them by the quota of ClusterQueue ${clusterQueue}, which this program does not know`];
  return waiting === 0 ? [] : [`${pairs.length} pairs, and room for ${pairs.length - waiting} at once: the others wait for their turn, in the order of experiments`];
}
