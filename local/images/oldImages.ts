import { z } from "zod";
import type { LocalContext } from "../context.ts";
import type { DockerEngine } from "./dockerEngine.ts";

/** A line of `docker image ls --digests`, as its JSON format gives it. */
const row = z.object({ Repository: z.string(), Tag: z.string(), Digest: z.string() });

const NONE = "<none>";

/**
 * Images that were pushed under a tag that another one has now, as `repository@digest`, out of the lines of
 * `docker image ls --digests`, each as JSON. Those that were pulled by digest have no tag either: `keep` names them.
 */
export function replacedImages(lines: string, keep: readonly string[]): string[] {
  const rows = lines.split("\n").filter((line) => line !== "").map((line) => row.parse(JSON.parse(line)));
  const tagged = rows.filter(({ Tag }) => Tag !== NONE).map(({ Repository, Digest }) => `${Repository}@${Digest}`);
  const untagged = rows.filter(({ Tag, Digest }) => Tag === NONE && Digest !== NONE).map(({ Repository, Digest }) => `${Repository}@${Digest}`);
  return untagged.filter((reference) => !tagged.includes(reference) && !keep.includes(reference));
}

/**
 * Drops from the engine what builds have left: containers of builds that were killed, and images whose tag a later build has
 * taken. What the last builds were made of stays, so that the next ones are quick. Returns the removed references.
 */
export async function dropReplacedImages(engine: DockerEngine, keep: readonly string[], ctx: LocalContext): Promise<string[]> {
  await engine.docker(["container", "prune", "--force"], ctx);
  const replaced = replacedImages(await engine.docker(["image", "ls", "--digests", "--format", "{{json .}}"], ctx), keep);
  if (replaced.length > 0) await engine.docker(["image", "rm", ...replaced], ctx);
  return replaced;
}
