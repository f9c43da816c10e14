import type { z } from "zod";
import type { Place } from "./places.ts";
import type { Problem } from "./problem.ts";
import { nearest } from "./suggest.ts";

/** What turns a validator's issue into a problem that a user can act on. */
export interface IssueSource {
  file: string;
  place: (path: readonly PropertyKey[]) => Place | undefined;
  /** The known key that an unknown one meant, as a full path. */
  suggest: (table: string, name: string) => string | undefined;
  /** What a key means, and a value as it would stand in the file. */
  meaning: (path: string) => { text: string; example?: string } | undefined;
}

/** One problem for every issue, unknown keys one by one. */
export function issueProblems(error: Pick<z.ZodError, "issues">, input: unknown, source: IssueSource): Problem[] {
  return error.issues.flatMap((issue) => {
    const at = (path: readonly PropertyKey[], what: string, write: string): Problem =>
      ({ file: source.file, path: path.map(String).join("."), ...source.place(path), what, write });
    const path = issue.path;
    const dotted = path.map(String).join(".");
    const { text, example } = source.meaning(dotted) ?? {};
    const instead = (example ? `Write for example ${dotted} = ${example}` : `Give ${dotted || "it"} such a value`) + (text ? ` (${text})` : "");

    if (issue.code === "invalid_union") {
      const branch = likeliestBranch(issue.errors);
      if (branch) return issueProblems({ issues: branch.map((inner) => ({ ...inner, path: [...path, ...inner.path] })) }, input, source);
    }
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => {
      const meant = source.suggest(dotted, key);
      return at([...path, key], "is not a known key", meant ? `Did you mean ${meant}? If not, remove it` : "Remove it");
    });
    if (issue.code === "invalid_key") return [at(path, ...keyProblem(issue, path))];
    const value = valueAt(input, path);
    if (value === undefined) return [at(path, "is missing", instead)];
    if (issue.code === "invalid_value") {
      const values = issue.values.map((allowed) => JSON.stringify(allowed));
      const meant = typeof value === "string" ? nearest(value, issue.values.map(String)) : undefined;
      return [at(path, `is ${shown(value)}, which is not among ${values.join(", ")}`, 
        `Write ${JSON.stringify(meant ?? issue.values[0])}${text ? ` (${text})` : ""}`)];
    }
    if (issue.code === "invalid_type") {
      return [at(path, `is ${shown(value)}, but must be ${article(issue.expected)}`, instead)];
    }
    if (issue.code === "too_small") return [at(path, `is ${shown(value)}, below the least ${bound(issue.minimum, issue.inclusive)}`, instead)];
    if (issue.code === "too_big") return [at(path, `is ${shown(value)}, above the most ${bound(issue.maximum, issue.inclusive)}`, instead)];
    return [at(path, `is ${shown(value)}: ${lowerFirst(issue.message)}`, instead)];
  });
}

/** The value at a path of a parsed document. */
export function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], input);
}

/** Of several shapes, the one that the value comes closest to: it fails inside of it, and in the fewest places. */
function likeliestBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): z.core.$ZodIssue[] | undefined {
  const inside = branches.filter((issues) => issues.length > 0 && !issues.some(({ code, path }) => path.length === 0 && code !== "unrecognized_keys"));
  const score = (issues: readonly z.core.$ZodIssue[]) => issues.reduce((sum, { code }) => sum + (code === "unrecognized_keys" ? 2 : 1), 0);
  return [...inside].sort((a, b) => score(a) - score(b))[0] as z.core.$ZodIssue[] | undefined;
}

/** Of a table whose keys are names of a kind: names from a list, or with a rule that the message tells. */
function keyProblem(issue: z.core.$ZodIssueInvalidKey, path: readonly PropertyKey[]): [what: string, write: string] {
  const inner = issue.issues[0];
  if (inner?.code !== "invalid_value") return [`is not possible here: ${inner?.message ?? "not a valid key"}`, "Rename or remove it"];
  const meant = nearest(String(path.at(-1)), inner.values.map(String));
  return ["is not a known key", meant ? `Did you mean ${meant}? If not, remove it` : "Remove it"];
}

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};
const article = (kind: string) => ({ int: "a whole number", number: "a number", string: "a string", boolean: "true or false",
  array: "a list", object: "a table", record: "a table" }[kind] ?? kind);
const bound = (value: number | bigint, inclusive?: boolean) => (inclusive === false ? `(more than ${value})` : `${value}`);
const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
