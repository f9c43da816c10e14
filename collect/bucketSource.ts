import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { ConfigError } from "../images/runner/src/failure.ts";
import { withRetries } from "../images/runner/src/retry.ts";
import type { S3Bucket } from "../images/runner/src/results/s3Bucket.ts";
import type { KeptSource } from "./keptResults.ts";

const AT_ONCE = 8;
const RETRIES = 4;

/** A bucket as a source. It says no digests of its own: what its server checked when it was written is the runs' seals. */
export function bucketSource(bucket: S3Bucket): KeptSource {
  return {
    what: bucket.name,
    list: async (signal) => new Map((await withRetries(() => bucket.list("", signal), { retries: RETRIES, signal })).map(({ key }) => [key, null])),
    fetch: async (keys, folder, signal) => {
      const waiting = [...keys];
      const work = async () => {
        for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) await fetchOne(bucket, key, join(folder, key), signal);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    },
  };
}

async function fetchOne(bucket: S3Bucket, key: string, path: string, signal: AbortSignal): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  // A way that breaks in the middle of a file has an error of its own kind.
  const passing = (error: unknown) => !(error instanceof ConfigError);
  await withRetries(async () => pipeline(await bucket.get(key, signal), createWriteStream(path)), { retries: RETRIES, passing, signal });
}
