/** An object as it is planned: what a rule sees of a resource. */
export interface Planned {
  /** Pulumi's type token, for example kubernetes:apps/v1:Deployment. */
  type: string;
  /** Logical name in the program. */
  name: string;
  /** Inputs as plain data; what only a later step will know is UNKNOWN. */
  props: Record<string, any>;
}

/**
 * A value that is not known yet: in a preview, whatever another resource will report once it exists, such as the digest
 * of an image that has not been built. No rule takes it for a violation; the update that follows sees the value itself.
 */
export const UNKNOWN = Symbol("unknown");

/** Rules that look at one object. */
export interface Rule {
  /** Words joined by dashes: what the user sees, and what the documentation calls it. */
  name: string;
  description: string;
  /** What to do about a violation. */
  remedy: string;
  /** What is wrong with the object, each with its place in it; empty if nothing is. */
  check: (object: Planned) => string[];
}

/** Rules that look at all objects of a stack together. */
export interface StackRule extends Omit<Rule, "check"> {
  check: (objects: readonly Planned[]) => { object: Planned; what: string }[];
}

/** What of the object is in the API server: not a provider, an image or a component. */
export const isInCluster = ({ type }: Planned): boolean => type.startsWith("kubernetes:");

/** A patch of an object that is somebody else's. */
export const isPatch = ({ type }: Planned): boolean => type.endsWith("Patch");

/** A table, and not a list or a value that is not known. */
export const isTable = (value: unknown): value is Record<string, any> => typeof value === "object" && value !== null && !Array.isArray(value);
