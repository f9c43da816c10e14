import { plain, type PropertyMap } from "../protocol/propertyValues.ts";
import type { UpdateRequest } from "../protocol/provider.ts";
import { isTrue, PATCH_FORCE } from "./annotations.ts";
import { explain } from "./explain.ts";
import { fieldManagerName } from "./fieldManager.ts";
import { adoptFields, hasAdoptable } from "./managedFields.ts";
import { type Manifest, nameOf, stringAt, withMetadata } from "./manifest.ts";
import { normalize } from "./normalize.ts";
import { canPreview, previewFallsBack, withoutStatus } from "./preview.ts";
import { relinquish } from "./relinquish.ts";
import { type Operation, operation, type Session } from "./session.ts";
import { settle } from "./settle.ts";
import { parseState, recordState } from "./state.ts";

/**
 * Applies new inputs to an object that exists and waits until it's ready again. Fields that the inputs no longer have are
 * removed by the server, since they are ours alone.
 */
export async function updateObject(session: Session, request: UpdateRequest): Promise<PropertyMap> {
  const old = parseState(request.olds);
  const inputs = normalize(plain(request.news));
  if (request.preview && !canPreview(session.connection, inputs)) return request.news;
  const job = operation(session, request, inputs);
  const fieldManager = fieldManagerName(inputs, old.fieldManager);
  const named = nameOf(inputs) ? inputs : withMetadata(inputs, { name: nameOf(old.live)! });
  let live: Manifest;
  try {
    live = await apply(job, named, fieldManager);
  } catch (error) {
    if (request.preview && previewFallsBack(error)) return request.news;
    throw explain("updated", named, error);
  }
  const state = { inputs, live, fieldManager, initialApiVersion: old.initialApiVersion };
  if (request.preview) return recordState(withoutStatus(state), request.news);
  if (old.fieldManager && old.fieldManager !== fieldManager) {
    await relinquish(job.cluster.objects, live, old.fieldManager);
  }
  return settle(job, state, request.news);
}

async function apply(job: Operation, inputs: Manifest, fieldManager: string): Promise<Manifest> {
  const { objects } = job.cluster;
  const live = await objects.get(inputs);
  let force = job.config.enablePatchForce || isTrue(inputs, PATCH_FORCE);
  if (!job.isPatch && job.preview) force ||= hasAdoptable(live, fieldManager);
  else if (!job.isPatch) await takeOver(job, live, fieldManager);
  return objects.apply(inputs, { fieldManager, dryRun: job.preview, force });
}

/** Makes `fieldManager` the owner of what our create (or `kubectl apply`) set. */
async function takeOver(job: Operation, live: Manifest, fieldManager: string): Promise<void> {
  const managedFields = adoptFields(live, fieldManager);
  if (!managedFields) return;
  await job.cluster.objects.jsonPatch(live, [
    { op: "test", path: "/metadata/resourceVersion", value: stringAt(live, "metadata", "resourceVersion") ?? "" },
    { op: "replace", path: "/metadata/managedFields", value: managedFields },
  ]);
}
