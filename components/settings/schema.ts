import { z } from "zod";
import { LORA_RANKS } from "../../images/runner/src/runSpec.ts";
import { budgetSection, pricesSection } from "../budget/schema.ts";
import { runOverrides } from "../config/overrides.ts";
import { experimentEntry } from "../experiments/schema.ts";
import { gpuSection } from "./gpu.ts";
import { imagesSection } from "./images.ts";
import { resultsSection } from "./results.ts";

/** A quantity of the API server, for example 500m cores or 24Gi of memory. */
const cpu = z.string().regex(/^\d+(\.\d+)?m?$/, "a number of cores, for example 500m or 4");
const memory = z.string().regex(/^\d+(\.\d+)?(Ki|Mi|Gi)$/, "a size in Ki, Mi or Gi, for example 24Gi");
const absolutePath = z.string().startsWith("/", "an absolute path");
const count = z.int().min(1);

/** Cores are asked for; memory is asked for and is the limit, since a pod above its memory would take down its node. */
const resources = z.strictObject({ cpu, memory });

/** Plain settings of a program; what looks like a secret has its place in the env file. */
const environment = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "a name of letters, digits and _")
    .refine((name) => !/KEY$|TOKEN$|SECRET|PASSWORD/i.test(name), "the name of a secret: write it into the env file instead"),
  z.string(),
);

const clusterSection = z.strictObject({
  /** Path of a kubeconfig; the machine's own if left out. */
  kubeconfig: z.string().min(1).optional(),
  /** Context in it; its current one if left out. */
  context: z.string().min(1).optional(),
  /** Names the cluster for good: only a change of this name means another cluster, and moves the stack there. */
  identifier: z.string().min(1),
  /** Ports of the API server, behind its Service as well: the pair controller is let out to them. */
  apiPorts: z.array(z.int().min(1).max(65535)).min(1).default([443, 6443]),
});

/** Where a pair keeps what its two pods share: a folder of the node, or a volume of its own by a ReadWriteOnce claim. */
const storage = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("node") }),
  z.strictObject({
    kind: z.literal("claim"),
    size: z.string().regex(/^\d+(\.\d+)?(Gi|Ti)$/, "a size in Gi or Ti, for example 20Gi"),
    /** The cluster's default one, if left out. */
    storageClass: z.string().min(1).optional(),
  }),
]).default({ kind: "node" });

const modelSection = z.strictObject({
  name: z.string().min(1),
  source: z.discriminatedUnion("kind", [
    /** A hub name (above), downloaded by the pods into a cache on the node. */
    z.strictObject({ kind: z.literal("hub"), revision: z.string().min(1).default("main") }),
    /** A folder on the node. */
    z.strictObject({ kind: z.literal("directory"), path: absolutePath }),
  ]),
  /** Longest prompt plus decision, in tokens. */
  maxModelLen: count,
  dtype: z.enum(["bfloat16", "float32"]),
  /** Where downloads of the hub, and what vLLM compiles, are kept. */
  cache: storage,
});

const vllmSection = z.strictObject({
  maxLoraRank: z.literal(LORA_RANKS).default(16),
  maxNumSeqs: count,
  /** More adapters than this on one server are refused; each slot holds memory on the GPU. */
  maxSlots: count.default(48),
  /** Further flags of the server. */
  args: z.array(z.string()).default([]),
  env: environment.default({}),
  sharedMemory: memory,
  resources,
  /** Image pull, model load and compilation together. */
  readyWithinMinutes: count.default(45),
});

const trainerSection = z.strictObject({
  device: z.enum(["cpu", "cuda"]),
  env: environment.default({}),
  sharedMemory: memory,
  resources,
  readyWithinMinutes: count.default(45),
});

/** Where pairs beyond the pool's room wait: left out, for the pair controller. */
const queueSection = z.strictObject({
  /** Pairs are admitted by Kueue, by the quota of a ClusterQueue that is there. */
  kueue: z.strictObject({ clusterQueue: z.string().min(1) }),
});

/** All experiments on one pair, each on its own, or so many on one. */
export const placement = z.union([z.enum(["shared", "dedicated"]), z.strictObject({ perPair: count })]);

/** Everything that a stack file says. Defaults stand here and nowhere else. */
export const stackSettings = z.strictObject({
  /** Runs that last longer are ended by the cluster. */
  deadlineMinutes: count,
  /** Path of the env file, relative to the project. */
  envFile: z.string().min(1),
  /** Folder on the GPU nodes for adapters and the model cache. */
  hostRoot: absolutePath.default("/var/lib/rewardlab"),
  /** Where a trainer hands adapters over to its server. */
  adapters: storage,
  /** A task app elsewhere, for every run; comes before TASK_APP_URL and the configs. */
  taskUrl: z.url({ protocol: /^https?$/ }).optional(),
  cluster: clusterSection,
  gpu: gpuSection,
  images: imagesSection,
  model: modelSection,
  vllm: vllmSection,
  trainer: trainerSection,
  taskApp: z.strictObject({ resources, env: environment.default({}) }),
  runner: z.strictObject({ resources }),
  placement: placement.default("shared"),
  queue: queueSection.optional(),
  /** Without them, the quote is in node-hours and the report has no sums. */
  prices: pricesSection.optional(),
  budget: budgetSection.optional(),
  /** Without it, results are lost with the cluster or the stack's pods, whichever goes first. */
  results: resultsSection.optional(),
  /** What is run: each an entry, which is one run or, with a matrix, several. */
  experiments: z.array(experimentEntry).min(1),
  /** Over what the configs say, for all runs. */
  run: runOverrides.default({}),
});

export type StackSettings = z.infer<typeof stackSettings>;
export type Placement = z.infer<typeof placement>;
/** Part of a stack's settings, laid over its file. */
export type StackOverlay = { [K in keyof z.input<typeof stackSettings>]?: unknown };
