import type { z } from "zod";
import { type FieldNote, noteOf, shapeOf } from "../schema/fields.ts";
import { rewardFile } from "../schema/rewardFile.ts";
import { nearest } from "./suggest.ts";

export interface KnownKey extends FieldNote {
  path: string;
}

/** Every key of a reward config with its status, in the schema's order: tables before their keys. */
export const knownKeys: readonly KnownKey[] = walk(rewardFile, "");

const byPath = new Map(knownKeys.map((key) => [key.path, key]));

export function keyAt(path: string): KnownKey | undefined {
  return byPath.get(path);
}

/**
 * The key that an unknown one most likely meant: a near name in its own table, the same name in another table, a near
 * name anywhere.
 */
export function suggestKey(table: string, name: string): string | undefined {
  const inTable = knownKeys.filter((key) => tableOf(key.path) === table).map((key) => nameOf(key.path));
  const sibling = nearest(name, inTable);
  if (sibling) return table ? `${table}.${sibling}` : sibling;
  const elsewhere = knownKeys.find((key) => nameOf(key.path) === name)?.path;
  if (elsewhere) return elsewhere;
  const anywhere = nearest(name, knownKeys.map((key) => nameOf(key.path)));
  return knownKeys.find((key) => nameOf(key.path) === anywhere)?.path;
}

function walk(type: z.ZodType, prefix: string): KnownKey[] {
  return Object.entries(shapeOf(type) ?? {}).flatMap(([name, field]) => {
    const path = prefix ? `${prefix}.${name}` : name;
    const note = noteOf(field);
    return note ? [{ path, ...note }, ...walk(field, path)] : [];
  });
}

const nameOf = (path: string) => path.slice(path.lastIndexOf(".") + 1);
const tableOf = (path: string) => (path.includes(".") ? path.slice(0, path.lastIndexOf(".")) : "");
