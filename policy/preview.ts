import { UnknownValueError } from "@pulumi/policy";
import { type Planned, UNKNOWN } from "./planned.ts";

/** What Pulumi hands to a policy, as rules take it. */
export function plannedOf({ type, name, props }: { type: string; name: string; props: Record<string, unknown> }): Planned {
  return { type, name, props: plain(props) as Record<string, unknown> };
}

/**
 * A copy that may be read everywhere. In a preview, Pulumi hands over tables that throw where a value is not known yet, and
 * passes over a policy that ran into one; here such values are UNKNOWN, so that a rule still sees everything else.
 */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return Array.from({ length: value.length }, (_, index) => read(value, index));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.keys(value).map((key) => [key, read(value as Record<string, unknown>, key)]));
}

function read(table: { [key: string | number]: unknown } | unknown[], key: string | number): unknown {
  let value: unknown;
  try {
    value = (table as Record<string | number, unknown>)[key];
  } catch (error) {
    if (error instanceof UnknownValueError) return UNKNOWN;
    throw error;
  }
  return plain(value);
}
