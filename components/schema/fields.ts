import { z } from "zod";

/**
 * What a key of a reward config does here. Every key is declared once, by one of the functions below; the validator, the
 * notices, the suggestions for misspelt keys and the JSON Schema all read that one declaration.
 */
export type FieldStatus = "used" | "extension" | "inert" | "deprecated";

export interface FieldNote {
  status: FieldStatus;
  /** What the key means; of an inert or deprecated one, why it changes nothing. */
  text: string;
  /** A value as it would stand in the file, for error messages. */
  example?: string;
}

const notes = z.registry<FieldNote>();

function note<T extends z.ZodType>(type: T, entry: FieldNote): T {
  const prefix = { used: "", extension: "rewardlab only: ", inert: "No effect here: ", deprecated: "Deprecated: " };
  const described = type.describe(prefix[entry.status] + entry.text);
  notes.add(described, entry);
  return described;
}

/** A key that must be there. */
export function required<T extends z.ZodType>(type: T, text: string, example: string): T {
  return note(type, { status: "used", text, example });
}

/** A key that may be left out. */
export function used<T extends z.ZodType>(type: T, text: string, example?: string): z.ZodOptional<T> {
  return note(type.optional(), { status: "used", text, example });
}

/** A key that only this system knows; other readers of the format ignore it. */
export function extension<T extends z.ZodType>(type: T, text: string, example: string): z.ZodOptional<T> {
  return note(type.optional(), { status: "extension", text, example });
}

/** A key of the format that is accepted and changes nothing here; `why` is told to the user once. */
export function inert<T extends z.ZodType>(type: T, why: string): z.ZodOptional<T> {
  return note(type.optional(), { status: "inert", text: why });
}

/** An inert key that the format demands. */
export function requiredInert<T extends z.ZodType>(type: T, why: string, example: string): T {
  return note(type, { status: "inert", text: why, example });
}

/** A key of the format that its own authors gave up; `instead` says where its meaning went. */
export function deprecated<T extends z.ZodType>(type: T, instead: string): z.ZodOptional<T> {
  return note(type.optional(), { status: "deprecated", text: instead });
}

/** A table whose keys are the format's own to choose; accepted as it is. */
export const freeTable = () => z.record(z.string(), z.unknown());

export function noteOf(type: z.ZodType): FieldNote | undefined {
  return notes.get(type);
}

/** The keys of a table, or undefined if the type is not a table with declared keys. */
export function shapeOf(type: z.ZodType): Record<string, z.ZodType> | undefined {
  const inner = type instanceof z.ZodOptional ? (type.unwrap() as z.ZodType) : type;
  return inner instanceof z.ZodObject ? (inner.shape as Record<string, z.ZodType>) : undefined;
}
