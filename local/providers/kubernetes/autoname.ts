import { createHash, randomBytes } from "node:crypto";
import { isUnknown } from "../protocol/propertyValues.ts";
import type { CheckRequest } from "../protocol/provider.ts";
import { AUTONAMED, isTrue } from "./annotations.ts";
import { at, kindOf, type Manifest, nameOf, withMetadata } from "./manifest.ts";

const SUFFIX_LENGTH = 8;

/** A Job's name becomes a label of its pods, and a label's value has at most this many characters. */
const LONGEST_JOB_NAME = 63;

/**
 * The inputs with a name. A name that the program gives (or will give: unknown) stays; an object that was auto-named
 * keeps its name; a new one is called `<resource name>-<8 hex digits>`. Auto-named objects carry an annotation.
 *
 * Throws when auto-naming is disabled by the project or the object wants the server to name it (`generateName`), which
 * server-side apply can't do.
 */
export function autoname(
  news: Manifest,
  olds: Manifest | undefined,
  request: Pick<CheckRequest, "name" | "randomSeed" | "autonaming">,
): Manifest {
  const given = at(news, "metadata", "name");
  if (isUnknown(given) || (typeof given === "string" && given !== "")) return news;
  if (at(news, "metadata", "generateName") !== undefined) {
    throw new Error("metadata.generateName isn't possible with server-side apply: give metadata.name, or leave both out");
  }
  if (olds && isTrue(olds, AUTONAMED)) return named(news, nameOf(olds)!);
  if (request.autonaming?.mode === "disable") {
    throw new Error("auto-naming is disabled (pulumi:autonaming): this resource needs metadata.name");
  }
  return named(news, request.autonaming?.proposedName || uniqueName(request, kindOf(news)));
}

function named(manifest: Manifest, name: string): Manifest {
  return withMetadata(manifest, { name, annotations: { [AUTONAMED]: "true" } });
}

function uniqueName(request: Pick<CheckRequest, "name" | "randomSeed">, kind: string): string {
  const seed = request.randomSeed.length > 0 ? request.randomSeed : randomBytes(32);
  const suffix = createHash("sha256").update(seed).update(request.name).digest("hex").slice(0, SUFFIX_LENGTH);
  const room = kind === "Job" ? LONGEST_JOB_NAME - SUFFIX_LENGTH - 1 : Infinity;
  return `${request.name.slice(0, room).replace(/[-.]+$/, "")}-${suffix}`;
}
