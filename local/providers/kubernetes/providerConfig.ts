import { z } from "zod";
import { isUnknown, plain, type PropertyMap } from "../protocol/propertyValues.ts";
import type { CheckFailure } from "../protocol/provider.ts";

/** The SDK sends every setting as a string; JSON where it isn't one. */
const flag = z.preprocess((value) => (value === "true" ? true : value === "false" ? false : value), z.boolean());
const text = z.preprocess((value) => (typeof value === "object" ? JSON.stringify(value) : value), z.string());

const schema = z.strictObject({
  /** The file's content, or its path. */
  kubeconfig: text.optional(),
  context: z.string().optional(),
  cluster: z.string().optional(),
  namespace: z.string().optional(),
  clusterIdentifier: z.string().optional(),
  enableSecretMutable: flag.default(false),
  enableConfigMapMutable: flag.default(false),
  enablePatchForce: flag.default(false),
  enableServerSideApply: flag.default(true),
  upsertExistingObjects: flag.default(false),
  deleteUnreachable: flag.default(false),
  skipUpdateUnreachable: flag.default(false),
  strictMode: flag.default(false),
  // Without effect here: no warnings of those kinds are made, and requests aren't throttled.
  suppressDeprecationWarnings: flag.optional(),
  suppressHelmHookWarnings: flag.optional(),
  kubeClientSettings: z.unknown().optional(),
  version: z.string().optional(),
  pluginDownloadURL: z.string().optional(),
});

export type ProviderConfig = z.infer<typeof schema>;

const UNSUPPORTED: Record<string, string> = {
  renderYamlToDirectory: "rendering manifests to files",
  alwaysRender: "rendering manifests to files",
  helmReleaseSettings: "Helm releases",
};

/** The provider's configuration from its arguments. Throws with every problem in one message. */
export function parseProviderConfig(args: PropertyMap): ProviderConfig {
  const parsed = schema.safeParse(known(args));
  if (parsed.success) return parsed.data;
  throw new Error(`the Kubernetes provider's arguments aren't valid:\n${z.prettifyError(parsed.error)}`);
}

/** What is wrong with the arguments, by name. Values that aren't known yet are fine. */
export function providerConfigFailures(args: PropertyMap): CheckFailure[] {
  const refused = Object.keys(args).filter((key) => key in UNSUPPORTED);
  const failures = refused.map((property) => ({
    property,
    reason: `${UNSUPPORTED[property]} is not in this stand-in provider; install the official one: pulumi plugin install resource kubernetes`,
  }));
  const rest = Object.fromEntries(Object.entries(known(args)).filter(([key]) => !(key in UNSUPPORTED)));
  const parsed = schema.safeParse(rest);
  const issues = parsed.success ? [] : parsed.error.issues;
  failures.push(...issues.map((issue) => ({ property: issue.path.join("."), reason: issue.message })));
  if (parsed.success && !parsed.data.enableServerSideApply) {
    failures.push({ property: "enableServerSideApply", reason: "this stand-in provider always applies server-side" });
  }
  return failures;
}

function known(args: PropertyMap): PropertyMap {
  return Object.fromEntries(Object.entries(plain(args)).filter(([, value]) => value !== null && !isUnknown(value)));
}
