import { PassThrough, type Writable } from "node:stream";
import { Exec, type V1Status } from "@kubernetes/client-node";
import type { Access } from "./access.ts";

/** Runs a command in a pod to its end, its output into `stdout`. Throws an Error with the command's own words when it fails. */
export async function exec({ config, namespace }: Access, pod: string, container: string, command: string[], stdout: Writable): Promise<void> {
  const stderr = new PassThrough();
  let words = "";
  stderr.on("data", (chunk: Buffer) => (words += chunk.toString()));
  const status = await new Promise<V1Status>((resolve, reject) => {
    new Exec(config).exec(namespace, pod, container, command, stdout, stderr, null, false, resolve)
      .then((socket) => socket.on("error", reject), reject);
  });
  if (status.status !== "Success") throw new Error(`${command[0]} in pod ${namespace}/${pod} failed: ${words.trim() || status.message}`);
}

/** What a command in a pod says. */
export async function outputOf(access: Access, pod: string, container: string, command: string[]): Promise<string> {
  const [stdout, chunks]: [PassThrough, Buffer[]] = [new PassThrough(), []];
  stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  await exec(access, pod, container, command, stdout);
  return Buffer.concat(chunks).toString();
}
