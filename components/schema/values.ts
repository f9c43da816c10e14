import { z } from "zod";

/** Values that several tables of the format use. */

/** A whole number from 1. */
export const count = z.int().min(1);

/** A whole number from 0. */
export const natural = z.int().min(0);

/** True or false; the format also takes the words that its own validator takes. */
export const flag = z.union([
  z.boolean(), z.enum(["true", "false", "1", "0", "yes", "no", "on", "off"]),
]);

/** The flag as a boolean; undefined stays undefined. */
export function isOn(value: z.infer<typeof flag> | undefined): boolean | undefined {
  return value === undefined ? undefined : value === true || ["true", "1", "yes", "on"].includes(String(value));
}
