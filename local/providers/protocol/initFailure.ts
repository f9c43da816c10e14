import type { PropertyMap } from "./propertyValues.ts";

/**
 * The object exists but didn't become ready. The engine records it with these properties and its reasons, so that the
 * next update tries again instead of creating a second one.
 */
export class InitFailure extends Error {
  readonly id: string;
  readonly properties: PropertyMap;
  readonly reasons: string[];
  readonly inputs: PropertyMap | undefined;

  constructor(message: string, state: { id: string; properties: PropertyMap; reasons?: string[]; inputs?: PropertyMap }) {
    super(message);
    this.name = "InitFailure";
    this.id = state.id;
    this.properties = state.properties;
    this.reasons = state.reasons ?? [];
    this.inputs = state.inputs;
  }
}
