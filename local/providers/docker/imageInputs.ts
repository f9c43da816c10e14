import { z } from "zod";

const build = z.strictObject({
  context: z.string().default("."),
  dockerfile: z.string().optional(),
  platform: z.string().optional(),
  target: z.string().optional(),
  network: z.string().optional(),
  args: z.record(z.string(), z.string()).default({}),
  addHosts: z.array(z.string()).default([]),
  cacheFrom: z.strictObject({ images: z.array(z.string()).default([]) }).optional(),
  builderVersion: z.enum(["BuilderV1", "BuilderBuildKit"]).default("BuilderV1"),
  contextDigest: z.string().optional(),
});

const schema = z.strictObject({
  imageName: z.string(),
  build: build.prefault({}),
  buildOnPreview: z.boolean().default(false),
  skipPush: z.boolean().default(false),
  registry: z
    .strictObject({ server: z.string().optional(), username: z.string().optional(), password: z.string().optional() })
    .optional(),
});

/** The inputs of `docker:index:Image`, with the official provider's defaults. */
export type ImageInputs = z.infer<typeof schema>;

/** Throws with every problem in one message. */
export function parseImageInputs(inputs: unknown): ImageInputs {
  const parsed = schema.safeParse(inputs);
  if (parsed.success) return parsed.data;
  throw new Error(`the image's arguments aren't valid:\n${z.prettifyError(parsed.error)}`);
}
