import { experimentOverrides, type ExperimentOverrides } from "../config/overrides.ts";

/**
 * Factors: the overrides that have one plain value, which a matrix can vary and a name can show, each with what it is
 * called in a run's name. A name lists them in this order, whatever the order in the stack file.
 */
export const FACTORS = {
  seed: "seed",
  learningRate: "lr",
  loraRank: "rank",
  loraAlpha: "alpha",
  loraDropout: "dropout",
  indicatorLambda: "lambda",
  iterations: "iter",
  batchSize: "batch",
  groupSize: "group",
  microBatch: "micro",
  weightDecay: "decay",
  maxGradNorm: "norm",
  maxTurns: "turns",
  maxTokens: "tokens",
  temperature: "temp",
  topP: "topp",
  toolChoice: "tool",
  staleness: "stale",
} as const satisfies Partial<Record<keyof ExperimentOverrides, string>>;

export type Factor = keyof typeof FACTORS;

export const FACTOR_NAMES = Object.keys(FACTORS) as Factor[];

/** The type of a factor's value. */
export const factorType = (name: Factor) => experimentOverrides.shape[name].unwrap();

/** A factor's part of a run's name: seed 3 is "seed3", a learning rate of 2.5e-5 is "lr2p5e-5". Distinct values differ. */
export function factorLabel(name: Factor, value: number | string): string {
  return `${FACTORS[name]}${typeof value === "number" ? numberLabel(value) : value}`;
}

/** In a DNS label there is no point and no sign in front: p stands for the one, m for the other. */
function numberLabel(value: number): string {
  const text = value !== 0 && Math.abs(value) < 0.01 ? value.toExponential() : String(value);
  return text.replace("+", "").replace(/^-/, "m").replace(".", "p");
}
