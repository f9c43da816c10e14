import { setTimeout as sleep } from "node:timers/promises";
import { plain, type PropertyMap } from "../protocol/propertyValues.ts";
import type { CreateRequest } from "../protocol/provider.ts";
import { isPatch, isTrue, PATCH_FORCE } from "./annotations.ts";
import { isNotFound } from "./apiError.ts";
import { explain } from "./explain.ts";
import { fieldManagerName } from "./fieldManager.ts";
import { CREATE_MANAGER } from "./managedFields.ts";
import { apiVersionOf, type Manifest, objectId } from "./manifest.ts";
import { normalize } from "./normalize.ts";
import { canPreview, previewFallsBack, withoutStatus } from "./preview.ts";
import { type Operation, operation, type Session } from "./session.ts";
import { settle } from "./settle.ts";
import { recordState } from "./state.ts";

/** Pauses before another try when the namespace or the kind isn't there yet. */
const RETRY_SECONDS = [1, 2, 4, 8, 16];

/**
 * Creates an object and waits until it's ready. An object that exists already is an error; a provider with
 * `upsertExistingObjects` applies onto it instead. A patch applies to an object that must exist: an apply to a missing one
 * would create it, and a node that nobody runs is worse than an error.
 */
export async function createObject(
  session: Session,
  request: CreateRequest,
): Promise<{ id: string; properties: PropertyMap }> {
  const inputs = normalize(plain(request.inputs));
  const asPlanned = { id: "", properties: request.inputs };
  if (request.preview && (isPatch(request.type, inputs) || !canPreview(session.connection, inputs))) return asPlanned;
  const job = operation(session, request, inputs);
  const fieldManager = fieldManagerName(inputs, "");
  let live: Manifest;
  try {
    live = await sendUntilPossible(job, inputs, fieldManager);
  } catch (error) {
    if (request.preview && previewFallsBack(error)) return asPlanned;
    throw explain("created", inputs, error);
  }
  const state = { inputs, live, fieldManager, initialApiVersion: apiVersionOf(inputs) };
  if (request.preview) return { id: "", properties: recordState(withoutStatus(state), request.inputs) };
  return { id: objectId(live), properties: await settle(job, state, request.inputs) };
}

async function sendUntilPossible(job: Operation, inputs: Manifest, fieldManager: string): Promise<Manifest> {
  const pauses = job.preview ? [] : RETRY_SECONDS;
  for (const [attempt, pause] of pauses.entries()) {
    try {
      return await send(job, inputs, fieldManager);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      job.status(`try ${attempt + 1}: ${(error as Error).message}`);
      await sleep(pause * 1000, undefined, { signal: job.signal });
    }
  }
  return send(job, inputs, fieldManager);
}

async function send(job: Operation, inputs: Manifest, fieldManager: string): Promise<Manifest> {
  const { objects } = job.cluster;
  const dryRun = job.preview;
  if (!job.isPatch && !job.config.upsertExistingObjects) {
    return objects.post(inputs, { fieldManager: CREATE_MANAGER, dryRun });
  }
  if (job.isPatch) await objects.get(inputs);
  const force = dryRun || job.config.enablePatchForce || isTrue(inputs, PATCH_FORCE);
  return objects.apply(inputs, { fieldManager, dryRun, force });
}
