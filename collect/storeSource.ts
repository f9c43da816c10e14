import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import tarFs from "tar-fs";
import { LABEL, STORE } from "../components/names.ts";
import type { Access } from "./access.ts";
import { exec, outputOf } from "./exec.ts";
import type { KeptSource } from "./keptResults.ts";
import { podTrouble } from "./podState.ts";

/** Where the store has its files, and what a half-written one is called (images/store). */
const FOLDER = "/results";
const LIST = `cd ${FOLDER} && find . -type f ! -name '.tmp-*' -exec sha256sum {} +`;
/** While runs go on files come and go under tar's hands; it then ends with status 1, and what it has read is good all the same. */
const ARCHIVE = `tar -C ${FOLDER} --exclude='.tmp-*' --warning=no-file-changed -cf - .; test $? -le 1`;
/** Above so many files one archive of everything is faster than a command for each. */
const SINGLY = 20;
/** A store that is not there yet, or was moved to another node, has so long to get ready. */
const PATIENCE_MS = 180_000;

/**
 * The store of a stack as a source: its files by commands in its pod, which the API server passes on, since no network
 * policy lets anybody else in. `access` is to the namespace of the results. Throws an Error that says why the store's pod does not run.
 */
export async function openStore(access: Access, signal: AbortSignal): Promise<KeptSource> {
  const pod = await runningPod(access, signal);
  return {
    what: `the store in namespace ${access.namespace}`,
    list: async () => new Map((await outputOf(access, pod, STORE, ["sh", "-c", LIST])).split("\n").filter(Boolean)
      // sha256sum parts digest and name by two characters, and find puts ./ before the name.
      .map((line) => [line.slice(64).trim().replace(/^\.\//, ""), line.slice(0, 64)])),
    fetch: (keys, folder) => (keys.length > SINGLY ? fetchAll(access, pod, folder) : fetchEach(access, pod, keys, folder)),
  };
}

async function fetchAll(access: Access, pod: string, folder: string): Promise<void> {
  const extract = tarFs.extract(folder);
  const done = finished(extract);
  const archive = new PassThrough();
  archive.pipe(extract);
  await exec(access, pod, STORE, ["sh", "-c", ARCHIVE], archive);
  archive.end();
  await done;
}

async function fetchEach(access: Access, pod: string, keys: readonly string[], folder: string): Promise<void> {
  for (const key of keys) {
    const path = join(folder, key);
    await mkdir(dirname(path), { recursive: true });
    const file = createWriteStream(path);
    const done = finished(file);
    // One that is gone meanwhile is told by the next list.
    await exec(access, pod, STORE, ["cat", `${FOLDER}/${key}`], file).catch((error: Error) => {
      if (!error.message.includes("No such file")) throw error;
    });
    file.end();
    await done;
  }
}

async function runningPod({ core, namespace }: Access, signal: AbortSignal): Promise<string> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const { items } = await core.listNamespacedPod({ namespace, labelSelector: `${LABEL.part}=${STORE}` });
    const ready = items.find(({ metadata, status }) => metadata?.deletionTimestamp === undefined && status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"));
    if (ready) return ready.metadata!.name!;
    if (Date.now() > until) throw new Error(`the store of namespace ${namespace} does not run: ${items[0] ? podTrouble(items[0]) || "its pod is not ready" : "it has no pod"}. Look: kubectl --namespace ${namespace} describe pods`);
    await sleep(1000, undefined, { signal });
  }
}
