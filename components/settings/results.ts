import { z } from "zod";

/** Where results are kept when the stack is gone; left out: in the pods' logs and on the node, until these go. */
export const resultsSection = z.discriminatedUnion("kind", [
  /** A claim in a namespace of its own, which a teardown leaves until it is collected. */
  z.strictObject({
    kind: z.literal("claim"),
    size: z.string().regex(/^\d+(\.\d+)?(Mi|Gi|Ti)$/, "a size in Mi, Gi or Ti, for example 20Gi"),
    /** The cluster's default class if left out. */
    storageClass: z.string().min(1).optional(),
  }),
  /** A bucket of an S3-compatible server; its keys are in the env file. */
  z.strictObject({
    kind: z.literal("s3"),
    endpoint: z.url({ protocol: /^https?$/ }),
    region: z.string().min(1),
    bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "a bucket's name: 3 to 63 lower-case letters, digits, dots and hyphens"),
    /** Keys begin with it, and with the stack's name. */
    prefix: z.string().regex(/^[A-Za-z0-9._/-]*$/, "letters, digits and . _ - /").default(""),
  }),
]);

export type ResultsSettings = z.infer<typeof resultsSection>;
