import { z } from "zod";

/** What a node costs. No price is built in: it changes by the week, by the region and by the contract. */
export const pricesSection = z.strictObject({
  /** When the price was looked up. */
  date: z.iso.date("the day on which the price was looked up, for example 2026-11-23"),
  /** As in ISO 4217. */
  currency: z.string().regex(/^[A-Z]{3}$/, "three capital letters, for example USD"),
  /** Where the price is from, so that it can be looked up again. */
  source: z.string().min(1),
  /** Of one node with all its GPUs, for an hour; where a pool may use several kinds, of the dearest. */
  nodeHour: z.number().positive(),
});

/** How much one `up` may use. */
export const budgetSection = z.strictObject({
  /** Of all nodes together; needs prices in USD. */
  maxDollars: z.number().positive().optional(),
  /** Hours that a node may live for. */
  maxHours: z.number().positive().optional(),
  /** Minutes that an iteration takes, with its evaluation: measured, since nothing here can know it before. */
  iterationMinutes: z.number().positive(),
});

export type Prices = z.infer<typeof pricesSection>;
export type Budget = z.infer<typeof budgetSection>;
