import { z } from "zod";
import { issueProblems } from "../config/issues.ts";
import { type Problem, refuse } from "../config/problem.ts";
import { nearest } from "../config/suggest.ts";
import { gpuProblems } from "../nodePool/checks.ts";
import { lifeNeedsOf } from "../nodePool/lifetime.ts";
import { shapeOf } from "../schema/fields.ts";
import { type StackSettings, stackSettings } from "./schema.ts";

/** Top-level keys that are one string; all others are JSON in the engine's configuration. */
const TEXT_KEYS: readonly string[] = ["envFile", "hostRoot", "taskUrl"];

/** One value of the engine's configuration, where every value is a text. */
export function configValue(key: string, text: string): unknown {
  if (TEXT_KEYS.includes(key)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A text like "shared"; or a wrong one, which the schema refuses with its place.
    return text;
  }
}

/** `over` laid over `under`: tables key by key, everything else (lists too) as a whole. */
export function merge(under: unknown, over: unknown): unknown {
  if (over === undefined) return under;
  if (!isTable(under) || !isTable(over)) return over;
  return Object.fromEntries([...new Set([...Object.keys(under), ...Object.keys(over)])].map((key) => [key, merge(under[key], over[key])]));
}

/**
 * Validates a stack's settings.
 *
 * @param file how messages name them, for example Pulumi.dev.yaml
 * @throws ConfigError with every problem
 */
export function parseSettings(values: unknown, file: string): StackSettings {
  const parsed = stackSettings.safeParse(values, { reportInput: true });
  refuse(parsed.success ? clashes(parsed.data, file) : issueProblems(parsed.error, values, {
    file, place: () => undefined, suggest: suggestSetting, meaning: () => undefined,
  }));
  return parsed.data!;
}

/** Flags that are set from other settings, so that no two places can disagree. */
const MANAGED_FLAGS = ["--model", "--served-model-name", "--revision", "--dtype", "--max-model-len", "--max-num-seqs", "--enable-lora", "--max-loras",
  "--max-cpu-loras", "--max-lora-rank", "--host", "--port", "--api-key", "--logprobs-mode", "--generation-config"];

function clashes(settings: StackSettings, file: string): Problem[] {
  const managed = settings.vllm.args.filter((arg) => MANAGED_FLAGS.includes(arg.split("=")[0]!));
  return [
    ...managed.map((arg) => ({
      file, path: "vllm.args", what: `holds ${arg.split("=")[0]!}, which follows from the other settings`, write: "Remove it",
    })),
    ...(settings.results?.kind === "claim" && settings.images.store === undefined ? [{
      file, path: "images.store", what: "is missing, and results are kept on a claim, which its program serves", write: 'Write for example store: { base: "node:24.11.1-bookworm-slim" }',
    }] : []),
    ...gpuProblems(settings.gpu, lifeNeedsOf(settings)).map((problem) => ({ file, ...problem })),
  ];
}

function suggestSetting(table: string, name: string): string | undefined {
  const path = table.split(".").filter((part) => part !== "" && !/^\d+$/.test(part));
  let shapes = shapesOf(stackSettings);
  for (const part of path) shapes = shapes.flatMap((shape) => (shape[part] ? shapesOf(shape[part]) : []));
  const meant = nearest(name, shapes.flatMap((shape) => Object.keys(shape)));
  // Of several shapes a table has one: a key of another one is known, and in the wrong place.
  return meant === undefined || meant === name ? undefined : [table, meant].filter(Boolean).join(".");
}

/** The tables that a value may be: one, or of several shapes those that are tables. */
function shapesOf(schema: z.ZodType): Record<string, z.ZodType>[] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) return shapesOf(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => shapesOf(option as z.ZodType));
  if (schema instanceof z.ZodArray) return shapesOf(schema.element as z.ZodType);
  return [shapeOf(schema) ?? {}];
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
