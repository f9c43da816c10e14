import { randomBytes } from "node:crypto";
import { PATCH_FIELD_MANAGER } from "./annotations.ts";
import { annotation, type Manifest } from "./manifest.ts";

/** Whose name our fields carry: the annotation's, else the one in the state, else a new one. */
export function fieldManagerName(inputs: Manifest, recorded: string): string {
  return annotation(inputs, PATCH_FIELD_MANAGER) || recorded || `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
}
