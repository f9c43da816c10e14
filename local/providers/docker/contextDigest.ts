import { createHash } from "node:crypto";
import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { contextFiles } from "./contextFiles.ts";

/**
 * SHA-256, in hex, over the Dockerfile and everything in the context: names, permission bits, contents, and where links
 * point. Owners and times don't count. It changes exactly when a build may come out different.
 */
export function contextDigest(context: string, dockerfile: string): string {
  const digest = createHash("sha256");
  const add = (name: string, mode: string, content: Buffer | string) => {
    digest.update(`${name}\0${mode}\0`).update(createHash("sha256").update(content).digest());
  };
  add("Dockerfile", "", readFileSync(dockerfile));
  for (const path of contextFiles(context, dockerfile)) {
    const file = join(context, path);
    const status = lstatSync(file);
    if (status.isSymbolicLink()) add(path, "link", readlinkSync(file));
    else add(path, (status.mode & 0o777).toString(8), readFileSync(file));
  }
  return digest.digest("hex");
}
