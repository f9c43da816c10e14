import type { PropertyMap } from "./propertyValues.ts";

/** One property that `check` refuses; `property` is empty when the whole resource is meant. */
export interface CheckFailure {
  property: string;
  reason: string;
}

export interface CheckRequest {
  urn: string;
  type: string;
  name: string;
  /** The inputs that the last run kept; undefined for a new resource and for the new half of a replacement. */
  olds: PropertyMap | undefined;
  news: PropertyMap;
  randomSeed: Uint8Array;
  /** What the project's auto-naming configuration says, if it says anything. */
  autonaming: { mode: "propose" | "enforce" | "disable"; proposedName: string } | undefined;
}

export interface CheckResponse {
  inputs: PropertyMap;
  failures: CheckFailure[];
}

export type PropertyChange = "add" | "delete" | "update";

/** What a diff found, by property path. `replace` marks the changes that can't be made in place. */
export interface DiffResponse {
  changes: Map<string, { change: PropertyChange; replace: boolean }>;
  deleteBeforeReplace: boolean;
}

export interface DiffRequest {
  urn: string;
  type: string;
  id: string;
  /** The whole state of the resource (outputs) as it was last recorded. */
  olds: PropertyMap;
  /** The inputs that were recorded with that state. */
  oldInputs: PropertyMap | undefined;
  news: PropertyMap;
  ignoreChanges: string[];
}

export interface CreateRequest {
  urn: string;
  type: string;
  inputs: PropertyMap;
  /** `customTimeouts.create` in seconds; 0 when the program sets none. */
  timeoutSeconds: number;
  preview: boolean;
}

export interface UpdateRequest extends Omit<CreateRequest, "inputs"> {
  id: string;
  olds: PropertyMap;
  oldInputs: PropertyMap | undefined;
  news: PropertyMap;
  ignoreChanges: string[];
}

export interface ReadRequest {
  urn: string;
  type: string;
  id: string;
  state: PropertyMap;
  inputs: PropertyMap | undefined;
}

export interface DeleteRequest {
  urn: string;
  type: string;
  id: string;
  state: PropertyMap;
  timeoutSeconds: number;
}

/**
 * A resource provider: Pulumi's `ResourceProvider` service without its wire format. A method that throws fails its
 * resource with the error's message; an `InitFailure` also records the object that exists.
 */
export interface ResourceProvider {
  version: string;
  checkConfig(news: PropertyMap): Promise<CheckResponse>;
  diffConfig(olds: PropertyMap, news: PropertyMap): Promise<DiffResponse>;
  configure(args: PropertyMap): Promise<void>;
  check(request: CheckRequest): Promise<CheckResponse>;
  diff(request: DiffRequest): Promise<DiffResponse>;
  create(request: CreateRequest): Promise<{ id: string; properties: PropertyMap }>;
  /** Undefined when the object is gone. */
  read(request: ReadRequest): Promise<{ properties: PropertyMap; inputs: PropertyMap } | undefined>;
  update(request: UpdateRequest): Promise<PropertyMap>;
  delete(request: DeleteRequest): Promise<void>;
  /** The user cancels: what runs should end soon, with an error. */
  cancel(): void;
}
