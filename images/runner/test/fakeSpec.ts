import { runSpec, type RunSpec } from "../src/runSpec.ts";

/** A small RunSpec for tests against the fakes. */
export function fakeSpec(endpoints: RunSpec["endpoints"], change: (spec: RunSpec) => void = () => {}): RunSpec {
  const spec = runSpec.parse({
    version: 1,
    name: "crafter-rl-test",
    stack: "test",
    config: { path: "configs/test.toml", sha256: "ab".repeat(32) },
    attempt: 1,
    seed: 7,
    model: { name: "fake", maxModelLen: 2048 },
    endpoints,
    lora: { rank: 8, alpha: 16, dropout: 0, targetModules: ["all-linear"] },
    algorithm: { kind: "gspo", clipLow: 3e-4, clipHigh: 4e-4, tisClip: 2 },
    reward: {
      stepwise: true,
      strategy: "consistent",
      indicatorLambda: 1,
      stepBeta: 0,
      weights: {},
      kLimits: {},
      eventRewardsKind: "unique",
    },
    rollout: {
      envName: "crafter",
      policyName: "crafter-react",
      maxTurns: 4,
      maxConcurrent: 4,
      temperature: 1,
      topP: 1,
      maxTokens: 32,
      toolChoice: "auto",
      envConfig: { difficulty: "easy" },
      policyConfig: { use_tools: true },
    },
    training: {
      iterations: 3,
      batchSize: 2,
      groupSize: 4,
      learningRate: 1e-4,
      weightDecay: 0,
      maxGradNorm: 1,
      microBatch: 4,
      staleness: 0,
    },
    evaluation: { seeds: [1001, 1002, 1003], everyIterations: 2 },
    guards: { maxLogprobDelta: 1e-3, maxDroppedShare: 0.1, maxRetries: 2 },
  });
  change(spec);
  return spec;
}
