import { InitFailure } from "../protocol/initFailure.ts";
import type { PropertyMap } from "../protocol/propertyValues.ts";
import { isTrue, SKIP_AWAIT, timeoutSeconds } from "./annotations.ts";
import { isAwaited } from "./await/readiness.ts";
import { awaitReady, NotReady } from "./await/waiter.ts";
import { objectId } from "./manifest.ts";
import type { Operation } from "./session.ts";
import { type ObjectState, recordState } from "./state.ts";

/**
 * Waits until an object that was just written is ready, and returns the state to record. Throws `InitFailure`, with the
 * state, when it isn't ready in time. `from` says what is secret.
 */
export async function settle(operation: Operation, state: ObjectState, from: PropertyMap): Promise<PropertyMap> {
  const { inputs } = state;
  if (operation.isPatch || isTrue(inputs, SKIP_AWAIT) || !isAwaited(state.live)) return recordState(state, from);
  try {
    const live = await awaitReady(operation.cluster, state.live, {
      timeoutSeconds: timeoutSeconds(operation.customTimeout, inputs),
      signal: operation.signal,
      status: operation.status,
    });
    return recordState({ ...state, live }, from);
  } catch (error) {
    if (!(error instanceof NotReady)) throw error;
    throw initFailure(error, objectId(state.live), recordState({ ...state, live: error.live }, from));
  }
}

export function initFailure(error: NotReady, id: string, properties: PropertyMap, inputs?: PropertyMap): InitFailure {
  return new InitFailure(error.message, { id, properties, reasons: error.reasons, inputs });
}
