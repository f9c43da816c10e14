import { createHmac } from "node:crypto";
import type { Output } from "@pulumi/pulumi";
import type { ResultsPlace } from "../../images/runner/src/runSpec.ts";
import type { SecretName } from "../config/envKeys.ts";
import type { Problem } from "../config/problem.ts";
import { storeUrl } from "../names.ts";
import type { ResultsSettings } from "../settings/results.ts";

type Secrets = Partial<Record<SecretName, Output<string>>>;

/** Where the runs of a stack put what they leave, as their specs say it. */
export function placeOf(results: ResultsSettings | undefined, stack: string): ResultsPlace | undefined {
  return results?.kind === "claim" ? { kind: "store", url: storeUrl(stack) } : results;
}

/** Names of the secrets that a run needs for its place. */
export function keysFor(place: ResultsPlace | undefined): SecretName[] {
  if (place === undefined) return [];
  return place.kind === "store" ? ["RESULTS_API_KEY"] : ["S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"];
}

/** Keys of a bucket that the env file lacks: it is asked for them only where they are used. */
export function keyProblems(results: ResultsSettings | undefined, secrets: Secrets, envFile: string): Problem[] {
  if (results?.kind !== "s3") return [];
  return keysFor(results).filter((name) => secrets[name] === undefined)
    .map((name) => ({ file: envFile, path: name, what: "is missing, and results are kept in a bucket", write: `Write ${name}=... (a key that may read and write in the bucket ${results.bucket})` }));
}

/**
 * The stack's secrets with the key of its store, if it has one: made from a key of the env file, so that nobody has to think one
 * up, and the same again at the next update. From it the other key can't be told, which opens more and outlives no teardown.
 */
export function withStoreKey(results: ResultsSettings | undefined, secrets: Secrets, stack: string): Secrets {
  if (results?.kind !== "claim" || secrets.SYNTH_API_KEY === undefined) return secrets;
  const key = secrets.SYNTH_API_KEY.apply((secret) => createHmac("sha256", secret).update(`results of stack ${stack}`).digest("hex"));
  return { ...secrets, RESULTS_API_KEY: key };
}
