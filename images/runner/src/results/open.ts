import type { Settings } from "../settings.ts";
import type { Bucket } from "./bucket.ts";
import { Results, type ResultsOptions } from "./results.ts";
import { s3Prefix } from "./s3Prefix.ts";
import { StoreBucket } from "./storeBucket.ts";
import { TrainerFiles } from "./trainerFiles.ts";

/** What keeps the results of a run, as its settings say; null where nothing does. */
export async function openResults(settings: Settings, onFailure: ResultsOptions["onFailure"]): Promise<Results | null> {
  const { spec, runKey, synthApiKey, pod, startedAt, patience } = settings;
  const bucket = await openBucket(settings);
  if (bucket === null) return null;
  const trainer = new TrainerFiles(spec.endpoints.trainer, synthApiKey, runKey);
  return new Results({ spec, runKey, bucket, trainer, onFailure, pod: pod ?? "pod", startedAt: startedAt ?? Date.now(), firstRetries: patience?.firstRetries });
}

async function openBucket({ spec: { results: place, stack }, resultsKeys }: Settings): Promise<Bucket | null> {
  if (place === undefined) return null;
  if (place.kind === "store") return new StoreBucket(place.url, resultsKeys?.storeKey ?? "");
  // Only now: its library is of no use to others.
  const { S3Bucket } = await import("./s3Bucket.ts");
  return new S3Bucket({ ...place, prefix: s3Prefix(place.prefix, stack) }, { accessKeyId: resultsKeys?.s3AccessKeyId ?? "", secretAccessKey: resultsKeys?.s3SecretAccessKey ?? "" });
}

