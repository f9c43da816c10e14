import type { Input } from "@pulumi/pulumi";
import type { SecretName } from "../config/envKeys.ts";
import type { GpuPool } from "../nodePool/gpu.ts";
import { PORTS, trainerName, vllmName } from "../names.ts";
import { type Model, type ModelAccess, modelAccess } from "./model.ts";
import { memberResources, pairPlacement, slotOf } from "./placement.ts";
import { gpuPreflight } from "./preflight.ts";
import { serverProbes } from "./probes.ts";
import { restrictedContainer, restrictedPod } from "./security.ts";
import { mounted, type Server } from "./server.ts";
import { adapterFolder, type Storage } from "./storage.ts";
import { turnOf } from "./turn.ts";
import type { Container, EnvVar, PodSpec, Resources } from "./types.ts";
import { giveFolders, isNodeFolder, scratch, sharedMemory } from "./volumes.ts";

/** What a pair's server and its trainer are both told. */
export interface PairMemberArgs {
  stack: string;
  namespace: Input<string>;
  /** Name of the pair. */
  pair: string;
  /** The pool has no room for the pair yet. */
  waits: boolean;
  /** With a digest or an exact tag. */
  image: Input<string>;
  /** Name of the Secret, and the keys that it holds. */
  secret: string;
  keys: readonly SecretName[];
  pool: GpuPool;
  model: Model;
  /** What both compute on. On `cuda` the GPU is looked at before a program starts. */
  device: "cpu" | "cuda";
  /** Folder on the node for what is kept there. */
  hostRoot: string;
  /** Where the trainer hands adapters over. */
  adapters: Storage;
  /** Further settings of the program. */
  env: Readonly<Record<string, string>>;
  sharedMemory: string;
  resources: Resources;
  readyWithinMinutes: number;
}

/** What sets a member apart from the other. */
export interface Program {
  command?: string[];
  args?: string[];
  env: EnvVar[];
  /** It alone writes adapters. */
  writesAdapters: boolean;
  /** Paths that answer when the process serves, and when its model is loaded. */
  health: string;
  ready: string;
}

type Part = "vllm" | "trainer";

/** A member of a pair as a server in the cluster. */
export function memberServer(part: Part, args: PairMemberArgs): Server {
  const name = part === "vllm" ? vllmName(args.pair) : trainerName(args.pair);
  return { name, namespace: args.namespace, stack: args.stack, part, pair: args.pair, slot: slotOf(args), waits: args.waits, turn: turnOf(args), port: PORTS[part] };
}

/**
 * The pod of a member: one GPU, on the pair's node, with the model and the pair's adapters. `program` gets the model's place.
 *
 * Before the program, the GPU is looked at, and folders of the node that the pod writes are given to its user.
 */
export function memberPod(part: Part, args: PairMemberArgs, program: (model: ModelAccess) => Program): PodSpec {
  const model = modelAccess(args.model, { ...args, compiles: part === "vllm" && args.device === "cuda" });
  const { writesAdapters, health, ready, ...main } = program(model);
  const adapters = adapterFolder(args, !writesAdapters);
  const { volumes, volumeMounts } = mounted([...scratch(), sharedMemory(args.sharedMemory), ...model.folders, adapters]);
  const resources = memberResources(args.pool, args.resources, part);
  const look = args.device === "cuda" ? [gpuPreflight({ ...args, resources }, scratch())] : [];
  const given = [...(writesAdapters ? [adapters] : []), ...model.written].filter(isNodeFolder);
  const initContainers = [...look.map(({ container }) => container), ...(given.length > 0 ? [giveFolders(args.image, given)] : [])];
  const container: Container = {
    name: part,
    image: args.image,
    ...main,
    ports: [{ name: "http", containerPort: PORTS[part] }],
    resources,
    volumeMounts,
    ...serverProbes({ port: PORTS[part], health, ready, readyWithinMinutes: args.readyWithinMinutes }),
    ...restrictedContainer(),
  };
  const onClaims = [adapters, ...model.written].some((folder) => !isNodeFolder(folder));
  return {
    ...pairPlacement(args),
    // A cache of many files is given to the pod's group once, and not at every start.
    ...(onClaims && { securityContext: { ...restrictedPod().securityContext, fsGroupChangePolicy: "OnRootMismatch" } }),
    volumes: [...volumes, ...look.map(({ volume }) => volume)],
    ...(initContainers.length > 0 && { initContainers }),
    containers: [container],
  };
}
