import { UNTRAINED } from "./comparison.ts";
import { finalEvaluation } from "./finalEvaluation.ts";
import type { Comparison, RunReport, SettingsDifference } from "./schema.ts";

/** What may be said, in full sentences; who may be called above whom is decided in comparison.ts. */

const signed = (value: number) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
const episodes = (count: number) => `${count} more held-out episode${count === 1 ? "" : "s"}`;

/** The numbers that a verdict stands on. */
function evidence({ difference, interval: [low, high], pairs, wins, losses, p }: Comparison): string {
  const chance = p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`;
  return `${signed(difference)} unlocks an episode [${signed(low)}, ${signed(high)}], paired over ${pairs} held-out worlds (${wins} better, ${losses} worse; ${chance})`;
}

/** What it would take to know, for a comparison that was not decided. */
function wanting({ pairs, sameEpisodes, morePairs, smallestDetectable }: Comparison): string {
  if (sameEpisodes === pairs) return "Both played every episode the same, action by action: on these worlds they are one policy.";
  if (morePairs !== null && morePairs > 100_000) return "The difference is so small that more than 100000 more held-out episodes would be needed to show it.";
  if (morePairs !== null) return `If the difference is real, about ${episodes(morePairs)} a run would show it 4 times in 5.`;
  if (smallestDetectable === null) return "Every world came out the same on both sides, so the worlds cannot say how many more would be needed.";
  return `On ${pairs} worlds a difference of ${smallestDetectable.toFixed(2)} or more shows itself 4 times in 5.`;
}

function sentence(comparison: Comparison): string {
  const { a, b, verdict } = comparison;
  switch (verdict) {
    case "above":
      return `${a} is above ${b}: ${evidence(comparison)}.`;
    case "below":
      return `${a} is BELOW ${b}: ${evidence(comparison)}.`;
    case "ahead":
      return `${a} is ahead of ${b} world by world, and not ranked above it: ${evidence(comparison)}. Their own 95 % intervals overlap${
        comparison.morePairs === null ? "" : `; about ${episodes(comparison.morePairs)} a run would part them`}.`;
    case "not told apart":
      return `${a} cannot be told from ${b}: ${evidence(comparison)}. ${wanting(comparison)}`;
    case "not comparable":
      return `${a} and ${b} are not compared: they played no held-out world in common.`;
  }
}

function runFindings(run: RunReport): string[] {
  if (run.state === "failed") return [`${run.name} FAILED and says nothing about its reward: ${run.failure?.reason}. What to do: ${run.failure?.remedy}`];
  if (run.state === "incomplete") return [`${run.name} did not end (${run.iterations} iterations seen) and says nothing about its reward.`];
  if (run.iterationsWithoutUpdate === 0) return [];
  return [`${run.name}: ${run.iterationsWithoutUpdate} of ${run.iterations} iterations changed no weight, because all episodes of each group earned the same.`];
}

function ranking(runs: readonly RunReport[], between: readonly Comparison[]): string[] {
  const evaluated = runs.filter((run) => finalEvaluation(run) !== null).length;
  if (evaluated < 2) return [`No comparison of runs: ${evaluated} of ${runs.length} runs finished with an evaluation.`];
  const ranked = between.some(({ verdict }) => verdict === "above" || verdict === "below");
  return [
    ...(ranked ? [] : ["No ranking: the 95 % intervals of all runs overlap."]),
    ...between.map(sentence),
    "Each run is one training from one seed: this compares the trained adapters. Whether a reward teaches better in general takes runs with other seeds.",
  ];
}

function settingsFindings(differences: readonly SettingsDifference[], withoutSettings: readonly string[]): string[] {
  const shown = (text: string) => (text.length > 40 ? `${text.slice(0, 40)}…` : text);
  const fields = differences.map(({ field, values }) => `${field} (${Object.entries(values).map(([run, value]) => `${run}: ${shown(value)}`).join(", ")})`);
  return [
    ...(fields.length === 0 ? [] : [`The runs differ in MORE THAN THE REWARD, so what is seen between them may come from that: ${fields.join("; ")}.`]),
    ...(withoutSettings.length === 0 ? [] : [`Whether the runs differ in more than the reward is not known: the record of ${withoutSettings.join(", ")} holds no settings.`]),
  ];
}

export interface FindingsInput {
  runs: readonly RunReport[];
  comparisons: readonly Comparison[];
  settingsDifferences: readonly SettingsDifference[];
  /** Runs whose events do not say with which settings they ran. */
  withoutSettings: readonly string[];
}

/** Sentences about every run and every comparison, for the screen, the Markdown and the HTML alike. */
export function findings({ runs, comparisons, settingsDifferences, withoutSettings }: FindingsInput): string[] {
  const learned = comparisons.filter(({ b }) => b === UNTRAINED);
  return [
    ...runs.flatMap(runFindings),
    ...learned.map(sentence),
    ...settingsFindings(settingsDifferences, withoutSettings),
    ...ranking(runs, comparisons.filter(({ b }) => b !== UNTRAINED)),
  ];
}
