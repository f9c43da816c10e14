import { LORA_RANKS, type RunSpec } from "../images/runner/src/runSpec.ts";
import { mergeNotices, type Notice } from "./config/notices.ts";
import type { Problem } from "./config/problem.ts";
import type { RunContext } from "./config/runContext.ts";
import { toRunSpec } from "./config/runSpec.ts";
import { compareRuns, repeatedNames } from "./config/specChecks.ts";
import { endpointsOf, runNameOf } from "./names.ts";
import { readRewardConfig } from "./rewardConfig.ts";

export interface Checked {
  /** The runs of the files without problems, in the files' order. */
  specs: RunSpec[];
  notices: Notice[];
  problems: Problem[];
}

export interface CheckOptions {
  /** Folder that relative paths start from. */
  root: string;
  /** The stack's part; without it, what the files say alone, against a stack named "check". */
  context?: Partial<Omit<RunContext, "name">>;
}

/** Validates reward configs and resolves them into RunSpecs; reads the files and touches nothing else. */
export function checkConfigs(paths: readonly string[], { root, context = {} }: CheckOptions): Checked {
  const read = paths.map((path) => readRewardConfig(path, root));
  const runs = read.flatMap(({ config }) => (config ? [toRunSpec(config, {
    stack: "check",
    attempt: 1,
    model: { name: config.modelName, maxModelLen: config.maxModelLen ?? DEFAULT_MODEL_LEN },
    maxLoraRank: LORA_RANKS.at(-1)!,
    endpoints: endpointsOf("pair-0"),
    overrides: {},
    taskUrl: {},
    ...context,
    name: runNameOf(config.path),
  })] : []));
  const specs = runs.flatMap(({ spec }) => spec ?? []);
  const comparison = compareRuns(specs);
  return {
    specs,
    notices: mergeNotices([...read, ...runs, comparison].flatMap(({ notices }) => notices)),
    problems: [...[...read, ...runs, comparison].flatMap(({ problems }) => problems), ...repeatedNames(specs)],
  };
}

/** Tokens that a model is served with when neither the file nor the stack says: what the shipped configs say. */
const DEFAULT_MODEL_LEN = 8192;
