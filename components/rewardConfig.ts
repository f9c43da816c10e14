import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse, TomlError } from "smol-toml";
import { crossChecks } from "./config/crossChecks.ts";
import { findFact } from "./config/homes.ts";
import { issueProblems } from "./config/issues.ts";
import { keyAt, suggestKey } from "./config/keys.ts";
import { normalise, type RewardConfig } from "./config/normalise.ts";
import { keysWithoutEffect, mergeNotices, type Notice } from "./config/notices.ts";
import { placeOf, placesOf } from "./config/places.ts";
import { type Problem, refuse } from "./config/problem.ts";
import { rewardFile } from "./schema/rewardFile.ts";

/** A parsed config, or what is wrong with it. */
export interface ReadConfig {
  /** Undefined if there are problems. */
  config: RewardConfig | undefined;
  problems: Problem[];
  notices: Notice[];
}

/**
 * Reads reward configs, in either layout of the format.
 *
 * @param paths files, relative to `root` or absolute
 * @returns the configs in the order of their paths, and what their user should know, said once for all files
 * @throws ConfigError with every problem of every file
 */
export function readRewardConfigs(paths: readonly string[], root: string): { configs: RewardConfig[]; notices: Notice[] } {
  const read = paths.map((path) => readRewardConfig(path, root));
  refuse(read.flatMap(({ problems }) => problems));
  return {
    configs: read.flatMap(({ config }) => config ?? []),
    notices: mergeNotices(read.flatMap(({ notices }) => notices)),
  };
}

/** Reads one file and reports instead of throwing. */
export function readRewardConfig(path: string, root: string): ReadConfig {
  let text: string;
  try {
    text = readFileSync(resolve(root, path), "utf8");
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === "ENOENT" ? "does not exist" : `can't be read (${(error as Error).message})`;
    return refused([{ file: path, what: reason, write: "Give the path of a reward config, for example configs/crafter_rl_outcome.toml" }]);
  }
  return parseRewardConfig(path, text);
}

/** Parses, validates and normalises the text of a reward config; touches nothing. */
export function parseRewardConfig(path: string, text: string): ReadConfig {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const what = error.message.split("\n")[0]!.replace(/^Invalid TOML document: /, "is not TOML: ");
    const quoted = text.split("\n")[error.line - 1]?.trim().slice(0, 60) ?? "";
    return refused([{ file: path, line: error.line, column: error.column, what, write: `Mend this line: ${quoted}` }]);
  }
  const places = placesOf(text);
  const parsed = rewardFile.safeParse(document);
  if (!parsed.success) {
    return refused(issueProblems(parsed.error, document, {
      file: path, place: (at) => placeOf(places, at), suggest: suggestKey, meaning: keyAt,
    }));
  }
  const findings = crossChecks(parsed.data);
  const problems = findings.map((finding) => ({ file: path, ...placeOf(places, finding.path.split(".")), ...finding }));
  return {
    config: problems.length === 0 ? normalise(path, parsed.data) : undefined,
    problems,
    notices: [
      ...keysWithoutEffect(rewardFile, document)
        .map((key): Notice => ({ path: key.path, text: `accepted, no effect here: ${key.text}`, files: [path], withoutEffect: true })),
      ...(findFact(parsed.data, "rewardMode")?.value === "env_sparse" ? [{
        path: "step_rewards_mode", text: 'with "env_sparse" no decision is paid: this is the outcome reward', files: [path],
      }] : []),
    ],
  };
}

const refused = (problems: Problem[]): ReadConfig => ({ config: undefined, problems, notices: [] });
