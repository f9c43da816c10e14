import { z } from "zod";

/** An image that exists: pinned by digest or by an exact tag. */
const reference = z.string()
  .regex(/^[^\s@]+(@sha256:[0-9a-f]{64}|:[A-Za-z0-9_][A-Za-z0-9_.-]*)$/, "an image with a tag or a digest, for example name:v1.2.3")
  .refine((value) => !value.endsWith(":latest"), "pinned to a version: what latest is changes under a running experiment");

/** Where an image comes from: a reference, or its folder under images/ built on a base. */
const source = z.union([
  z.strictObject({ reference }),
  z.strictObject({ base: reference, buildArgs: z.record(z.string().min(1), z.string()).default({}) }),
]);

export const imagesSection = z.strictObject({
  /** Where built images are pushed, without a trailing slash. */
  registry: z.string().regex(/^[a-z0-9][a-z0-9._:/-]*[a-z0-9]$/, "a registry and a path, for example registry.example.com/rewardlab"),
  platform: z.literal("linux/amd64").default("linux/amd64"),
  /** Address of the Docker engine; the machine's own if left out. */
  dockerHost: z.string().min(1).optional(),
  /** The engine's builder: V1 is for engines without BuildKit. */
  builder: z.enum(["BuilderBuildKit", "BuilderV1"]).default("BuilderBuildKit"),
  /** Network of the build's RUN steps. */
  network: z.enum(["default", "host", "none"]).default("default"),
  taskApp: source,
  runner: source,
  pairController: source,
  trainer: source,
  vllm: source,
  /** Needed where results are kept on a claim. */
  store: source.optional(),
});

export type ImagesSettings = z.infer<typeof imagesSection>;
export type ImageSource = z.infer<typeof source>;
