import type { Access } from "../collect/access.ts";
import { bucketSource } from "../collect/bucketSource.ts";
import type { KeptSource } from "../collect/keptResults.ts";
import { hasNamespace } from "../collect/removeResults.ts";
import { openStore } from "../collect/storeSource.ts";
import { refuse } from "../components/config/problem.ts";
import { readEnvSecrets } from "../components/envFile.ts";
import { resultsNamespaceOf } from "../components/names.ts";
import { PROJECT_ROOT, readStackFile } from "../components/settings.ts";
import { resultsSection } from "../components/settings/results.ts";
import { s3Prefix } from "../images/runner/src/results/s3Prefix.ts";

/** The results of a stack in its cluster; null where there is no namespace of them. */
export async function keptInCluster(access: Access, stack: string, signal: AbortSignal): Promise<KeptSource | null> {
  const namespace = resultsNamespaceOf(stack);
  return (await hasNamespace(access, namespace)) ? openStore({ ...access, namespace }, signal) : null;
}

/** The results of a stack in the bucket that its file names; null where it names none. Throws ConfigError without the bucket's keys. */
export async function keptInBucket(stack: string): Promise<KeptSource | null> {
  const { results, envFile } = readStackFile(stack);
  const parsed = resultsSection.safeParse(results);
  if (!parsed.success || parsed.data.kind !== "s3") return null;
  const path = typeof envFile === "string" ? envFile : ".env";
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = readEnvSecrets(path, PROJECT_ROOT);
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    return refuse([{ file: path, path: "S3_ACCESS_KEY_ID", what: `with S3_SECRET_ACCESS_KEY is needed to read the bucket ${parsed.data.bucket}`, write: "Write both" }]) as never;
  }
  const { S3Bucket } = await import("../images/runner/src/results/s3Bucket.ts");
  return bucketSource(new S3Bucket({ ...parsed.data, prefix: s3Prefix(parsed.data.prefix, stack) }, { accessKeyId, secretAccessKey }));
}
