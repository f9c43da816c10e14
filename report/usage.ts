import { z } from "zod";
import { podUsage } from "../images/pair-controller/src/podUsage.ts";

export type { PodUsage } from "../images/pair-controller/src/podUsage.ts";

/** usage.json, schema version 1: what a stack's pods and Jobs held and how long, as the API server said it at one time. */

const time = z.iso.datetime();

export const jobUsage = z.strictObject({
  run: z.string(),
  /** Null for a Job that does not say. */
  pair: z.string().nullable(),
  from: time.nullable(),
  to: time.nullable(),
});

/** What was quoted when the stack was last brought up; the sum is null without prices. */
export const quoted = z.strictObject({
  prices: z.strictObject({ date: z.string(), currency: z.string(), source: z.string(), nodeHour: z.number().positive() }).nullable(),
  nodeHours: z.number().min(0),
  cost: z.number().min(0).nullable(),
});

export const usage = z.strictObject({
  version: z.literal(1),
  collectedAt: time,
  pods: z.array(podUsage),
  jobs: z.array(jobUsage),
  quote: quoted.nullable(),
});

export type JobUsage = z.infer<typeof jobUsage>;
export type Usage = z.infer<typeof usage>;

/** Seconds that these parts cover together, overlaps counted once; one that has not ended counts up to the collection. */
export function coveredSeconds(parts: readonly { from: string | null; to: string | null }[], collectedAt: string): number {
  const spans = parts.flatMap(({ from, to }) => (from === null ? [] : [{ from: Date.parse(from), to: Date.parse(to ?? collectedAt) }]));
  let covered = 0;
  let end = -Infinity;
  for (const { from, to } of spans.sort((a, b) => a.from - b.from)) {
    covered += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return covered / 1000;
}
