import type { RunContext } from "./context.ts";
import type { Standing } from "./standing.ts";

/** Writes run.started; `resumedAt` as in the event. */
export async function announceStart(
  { spec, log }: RunContext,
  standing: Standing,
  resumedAt: number | null,
): Promise<void> {
  const { seed, model, lora, algorithm, reward, rollout, training, evaluation, guards } = spec;
  await log.event({
    type: "run.started",
    config: spec.config.path,
    configSha256: spec.config.sha256,
    seed: spec.seed,
    attempt: spec.attempt,
    strategy: spec.reward.stepwise ? spec.reward.strategy : "outcome",
    iterations: spec.training.iterations,
    model: spec.model.name,
    settings: { seed, model, lora, algorithm, reward, rollout, training, evaluation, guards },
    resumedAt,
  });
  standing.started = true;
}
