import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import tarFs from "tar-fs";
import type { Access } from "./access.ts";
import { exec } from "./exec.ts";
import { LABEL } from "../components/names.ts";

/** Where the task app writes its trace files, and the name of its container. */
const TRACES = "/traces";
const CONTAINER = "task-app";
/** While runs go on files grow under tar's hands; it then ends with status 1, and what it has read is good all the same. */
const ARCHIVE = `tar -C ${TRACES} --warning=no-file-changed -cf - .; test $? -le 1`;

/**
 * Copies the trace files (the contract's traces/v3) of the stack's task app into `directory`. Returns false when no task
 * app runs any more. Throws when the copy breaks off.
 */
export async function collectTraces(access: Access, directory: string): Promise<boolean> {
  const { items } = await access.core.listNamespacedPod({ namespace: access.namespace, labelSelector: `${LABEL.part}=task-app` });
  const pod = items.find((item) => item.status?.phase === "Running" && item.metadata?.deletionTimestamp === undefined);
  if (pod === undefined) return false;
  const extract = tarFs.extract(directory);
  const done = finished(extract);
  const archive = new PassThrough();
  archive.pipe(extract);
  await exec(access, pod.metadata!.name!, CONTAINER, ["sh", "-c", ARCHIVE], archive);
  archive.end();
  await done;
  return true;
}
