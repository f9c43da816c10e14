import { type FieldNote, noteOf, shapeOf } from "../schema/fields.ts";
import type { z } from "zod";

/** Something a user should know that stops nothing; said once however many files it is in. */
export interface Notice {
  /** Dotted key. */
  path: string;
  text: string;
  /** Files it was found in. */
  files: string[];
  /** The key is accepted and changes nothing. */
  withoutEffect?: true;
}

export interface FoundKey extends FieldNote {
  path: string;
}

/** The keys of a document that change nothing here; of a table that does nothing as a whole, the table alone. */
export function keysWithoutEffect(schema: z.ZodType, document: unknown, prefix = ""): FoundKey[] {
  const shape = shapeOf(schema);
  if (!shape || typeof document !== "object" || document === null) return [];
  return Object.keys(document).flatMap((name) => {
    const field = shape[name];
    const note = field && noteOf(field);
    if (!field || !note) return [];
    const path = prefix ? `${prefix}.${name}` : name;
    if (note.status === "inert" || note.status === "deprecated") return [{ path, ...note }];
    return keysWithoutEffect(field, (document as Record<string, unknown>)[name], path);
  });
}

/** One notice a path and text, with all files that gave rise to it. */
export function mergeNotices(notices: readonly Notice[]): Notice[] {
  const merged = new Map<string, Notice>();
  for (const notice of notices) {
    const key = `${notice.path}\n${notice.text}`;
    const known = merged.get(key);
    merged.set(key, { ...notice, files: [...new Set([...(known?.files ?? []), ...notice.files])] });
  }
  return [...merged.values()];
}

/** `key: text (files)` on one line. */
export function formatNotice(notice: Notice): string {
  return `${notice.path}: ${notice.text} (${notice.files.join(", ")})`;
}

/** A line for every notice, and one for all keys without effect together. */
export function summariseNotices(notices: readonly Notice[]): string[] {
  const silent = notices.filter(({ withoutEffect }) => withoutEffect).map(({ path }) => path);
  return [
    ...(silent.length > 0 ? [`accepted, no effect here (rewardlab check says why): ${silent.join(", ")}`] : []),
    ...notices.filter(({ withoutEffect }) => !withoutEffect).map(formatNotice),
  ];
}
