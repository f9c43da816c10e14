import { z } from "zod";

/**
 * RunBudget: how long a run may go on. The RewardJob component writes it into a ConfigMap that it may change while the run goes
 * on, and that is no part of the RunSpec: a raised budget is no other experiment.
 */
export const runBudget = z.strictObject({
  version: z.literal(1),
  /** Since the run began; the Job's own deadline, at which the cluster kills it. */
  seconds: z.number().positive(),
  /** The stack's setting that it follows from. */
  limit: z.string().min(1),
});

export type RunBudget = z.infer<typeof runBudget>;
