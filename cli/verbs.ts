import type { ArgsDef } from "citty";
import { EMBEDDED } from "./embeddedName.ts";

/** What a verb says of itself, to `--help` and to the parser. */
export interface VerbFacts {
  description: string;
  /** A command line that works, shown by --help. */
  example: string;
  args: ArgsDef;
}

/** Options that every verb about a stack has. */
const stackArgs = {
  stack: { type: "string", default: EMBEDDED, valueHint: "NAME", description: "the stack: its settings are in Pulumi.NAME.yaml" },
  context: { type: "string", valueHint: "NAME", description: "a context of your kubeconfig: that cluster, by this program's own engine, with the state on this machine" },
} as const;

/** Options of the verbs that change a stack. */
const changeArgs = { ...stackArgs, yes: { type: "boolean", description: "do not ask before changing a cluster of your own" } } as const;

/**
 * All verbs, in the order of the help. They stand apart from the programs in commands/ because those import Pulumi's SDK, a
 * Kubernetes client and a charting library: `--help` and a misspelt option would take seconds.
 */
export const verbs = {
  start: {
    description: "Train a stack's reward configs, compare them, and take everything down: on a one-node cluster that is brought up on this machine, or on one of yours (--context), which is left as it is.",
    example: "npm start -- --keep",
    args: {
      ...stackArgs,
      keep: { type: "boolean", description: "leave the stack up afterwards, and the embedded cluster" },
      clean: { type: "boolean", description: "only remove everything that an earlier start left, killed ones too; caches stay" },
      json: { type: "boolean", description: "print report.json on standard output at the end" },
    },
  },
  up: {
    description: "Check a stack's configs, bring it up and start its runs; does not wait for the runs.",
    example: "rewardlab up --stack dev",
    args: changeArgs,
  },
  preview: {
    description: "Check a stack's configs and show what bringing it up would change. Changes no stack; the embedded cluster is started for it.",
    example: "rewardlab preview --stack dev",
    args: { ...stackArgs, json: { type: "boolean", description: "print the counts of planned operations as JSON (embedded stack only)" } },
  },
  down: {
    description: "Stop a stack's runs, save what they have said, destroy it, and show that nothing is left; with the embedded one its cluster is stopped too.",
    example: "rewardlab down --stack dev",
    args: changeArgs,
  },
  collect: {
    description: "Copy what the runs of a stack have kept (logs, traces, adapters, checkpoints) from its claim or bucket, check every digest, and make the report; of a stack that is gone, the claim is removed then.",
    example: "rewardlab collect --stack dev",
    args: {
      ...stackArgs,
      keep: { type: "boolean", description: "leave the claim, whatever came of the copy" },
      json: { type: "boolean", description: "print report.json" },
    },
  },
  watch: {
    description: "Follow all runs of a stack: one progress line an event, until every run has ended.",
    example: "rewardlab watch --stack dev",
    args: { ...stackArgs, json: { type: "boolean", description: "print the events themselves, one JSON object a line" } },
  },
  logs: {
    description: "Print a run's log, events and words alike, and follow it until the run has ended.",
    example: "rewardlab logs --run-name crafter-rl-outcome",
    args: {
      ...stackArgs,
      runName: { type: "string", required: true, valueHint: "NAME", description: "the run: its config's file name with hyphens, or its name in the stack file" },
    },
  },
  report: {
    description: "Collect what the runs of a stack have said so far and compare them; or make the report of a saved folder again.",
    example: "rewardlab report --stack dev",
    args: {
      ...stackArgs,
      from: { type: "string", valueHint: "DIR", description: "a saved folder, runs/STACK/TIME; the cluster is then not asked" },
      json: { type: "boolean", description: "print report.json" },
    },
  },
  replay: {
    description: "Play a recorded episode again from its seed and actions, check that it is the same to the last tile, and draw it.",
    example: "rewardlab replay crafter-rl-outcome eval10-e3 --out episode.gif",
    args: {
      run: { type: "positional", required: true, valueHint: "RUN", description: "the run's name" },
      episode: { type: "positional", required: true, valueHint: "EPISODE", description: "the episode's id in events.jsonl, or its end: eval10-e3, i4-g0-e1, random-e5" },
      out: { type: "string", valueHint: "FILE", description: "the picture: FILE.png has a panel for each decision, FILE.gif a frame for each action; default: a PNG beside the run's events" },
      stack: { type: "string", default: EMBEDDED, valueHint: "NAME", description: "the stack whose newest saved folder, runs/NAME/TIME, holds the run" },
      from: { type: "string", valueHint: "DIR", description: "another saved folder" },
      json: { type: "boolean", description: "print the record and what the replay found as one JSON object" },
    },
  },
  check: {
    description: "Validate reward configs and show the run that each of them means. Reads the files and touches nothing else.",
    example: "rewardlab check configs/*.toml",
    args: {
      files: { type: "positional", required: true, valueHint: "FILE...", description: "reward configs (TOML)" },
      json: { type: "boolean", description: "print the resolved RunSpecs, notices and problems as one JSON object" },
    },
  },
  doctor: {
    description: "Say what this machine lacks, for the embedded stack and for one on a cluster of your own, and how to get it. Changes nothing.",
    example: "rewardlab doctor --json",
    args: { json: { type: "boolean", description: "print the findings as JSON" } },
  },
} as const satisfies Record<string, VerbFacts>;

export type VerbName = keyof typeof verbs;
