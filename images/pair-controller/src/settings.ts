import { z } from "zod";

/**
 * ControllerSettings, version 1: what the PairController component tells its program, as JSON in the variable
 * CONTROLLER_SETTINGS. Keys of labels and annotations come with it, so that they are written in one place only.
 */
export const controllerSettings = z.strictObject({
  version: z.literal(1),
  namespace: z.string().min(1),
  /** Keys of the labels: of a pair's objects and its Jobs, of a part, of a run, of a pair's place on its node. */
  labels: z.strictObject({ pair: z.string().min(1), part: z.string().min(1), run: z.string().min(1), slot: z.string().min(1) }),
  /** Parts that make a pair. */
  members: z.array(z.string().min(1)).min(1),
  /** Resource name of a GPU. */
  gpuResource: z.string().min(1),
  /** Name of the scheduling gate that holds pods until it is their turn. */
  gate: z.string().min(1),
  /** Key of the annotation of Jobs that this program has suspended, and no one else. */
  parked: z.string().min(1),
  /** Name of the ConfigMap that remembers which pods held GPUs. */
  ledger: z.string().min(1),
  /** Pairs that may hold each place at once: nodes of the pool. Null where something else admits pods (Kueue). */
  nodes: z.int().min(1).nullable(),
  /** Longest start of a pair's servers. */
  startSeconds: z.number().positive(),
  /** A pair without work is released after so long: a run that is replaced is gone for a moment. */
  graceSeconds: z.number().min(0),
});

export type ControllerSettings = z.infer<typeof controllerSettings>;

/** Reads the settings. Throws an Error that names every problem. */
export function readSettings(env: NodeJS.ProcessEnv): ControllerSettings {
  const text = env["CONTROLLER_SETTINGS"];
  if (text === undefined) throw new Error("CONTROLLER_SETTINGS is not set: the PairController component writes it");
  const parsed = controllerSettings.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new Error(`CONTROLLER_SETTINGS is wrong: ${parsed.error.issues.map(({ path, message }) => `${path.join(".") || "(all)"}: ${message}`).join("; ")}`);
}
