import { z } from "zod";
import { quoted } from "./usage.ts";

const seconds = z.number().min(0);
const sum = z.number().min(0).nullable();

/** What GPUs were held, and what that cost. Sums are in `currency`; null without prices. */
export const bill = z.strictObject({
  /** What the API server said at this time; what came after is not in it. */
  collectedAt: z.iso.datetime(),
  prices: quoted.shape.prices,
  /** One for each pod that had GPUs. */
  pods: z.array(z.strictObject({ pod: z.string(), pair: z.string(), node: z.string().nullable(), gpus: z.int(), gpuSeconds: seconds })),
  gpuSeconds: seconds,
  /** Hours in which a node had at least one of these pods, over all nodes. A node's own start and end are not seen here. */
  nodeHours: seconds,
  cost: sum,
  runs: z.array(z.strictObject({
    run: z.string(),
    /** Its share of its pair's, by the time that its Job lasted. */
    gpuSeconds: seconds,
    cost: sum,
    /** Cost for each achievement that an episode unlocks after training, on the held-out seeds; null where nothing was unlocked or the run did not finish. */
    costPerUnlock: sum,
    /** What budget.iterationMinutes asks for; null for a run without an iteration. */
    iterationMinutes: seconds.nullable(),
  })),
  /** What was quoted for the stack before: its node-hours and its cap. Null where there is no quote. */
  quote: quoted.omit({ prices: true }).nullable(),
  /** What the numbers leave out, in full sentences. */
  notes: z.array(z.string()),
});

export type Bill = z.infer<typeof bill>;
