import { plain, type PropertyMap } from "../protocol/propertyValues.ts";
import type { ReadRequest } from "../protocol/provider.ts";
import { isTrue, SKIP_AWAIT } from "./annotations.ts";
import { isNotFound } from "./apiError.ts";
import { isJudgedOnRead } from "./await/readiness.ts";
import { NotReady, requireReady } from "./await/waiter.ts";
import { driftedInputs } from "./drift.ts";
import { explain } from "./explain.ts";
import { fieldManagerName } from "./fieldManager.ts";
import { apiVersionOf, type Manifest, nameOf, withMetadata } from "./manifest.ts";
import { normalize } from "./normalize.ts";
import { operation, type Session } from "./session.ts";
import { initFailure } from "./settle.ts";
import { markManifest, parseState, recordState } from "./state.ts";
import { parseTypeToken } from "./typeToken.ts";

type Found = { properties: PropertyMap; inputs: PropertyMap };

/**
 * Reads an object for a refresh, an import or a `.get`: its state, and its inputs with what has drifted in them. Undefined
 * when it's gone. Throws `InitFailure`, with the state, when it's of a kind that is waited for and isn't ready now.
 */
export async function readObject(session: Session, request: ReadRequest): Promise<Found | undefined> {
  const { connection, config, log } = session;
  if (connection.unreachable !== undefined && config.deleteUnreachable) {
    log.log("warning", request.urn, `the cluster can't be reached (${connection.unreachable}); it counts as deleted`);
    return undefined;
  }
  if (connection.unreachable !== undefined && config.skipUpdateUnreachable) {
    log.log("warning", request.urn, `the cluster can't be reached (${connection.unreachable}); the last known state is kept`);
    return { properties: request.state, inputs: request.inputs ?? {} };
  }
  const isKnown = Object.keys(request.inputs ?? {}).length > 0;
  return isKnown ? refresh(session, request, request.inputs!) : adopt(session, request);
}

async function refresh(session: Session, request: ReadRequest, recorded: PropertyMap): Promise<Found | undefined> {
  const old = parseState(request.state);
  const before = normalize(plain(recorded));
  const name = nameOf(old.live) ?? nameOf(before);
  const job = operation(session, request, before);
  const live = await get(session, request, withMetadata(before, { name: name! }));
  if (!live) return undefined;
  const inputs = driftedInputs(before, old.live, live);
  const fieldManager = fieldManagerName(inputs, old.fieldManager);
  const properties = recordState({ ...old, inputs, live, fieldManager }, recorded);
  const marked = markManifest(inputs, recorded);
  if (!job.isPatch && isJudgedOnRead(live) && !isTrue(inputs, SKIP_AWAIT)) {
    await requireReady(job.cluster, live).catch((error: unknown) => {
      throw error instanceof NotReady ? initFailure(error, request.id, properties, marked) : error;
    });
  }
  return { properties, inputs: marked };
}

/** An object that isn't in the state yet: all that is known of it is the type and the id. */
async function adopt(session: Session, request: ReadRequest): Promise<Found | undefined> {
  const [name, namespace] = request.id.split("/").reverse();
  const type = parseTypeToken(request.type, false);
  const live = await get(session, request, { ...type, metadata: { name: name!, ...(namespace ? { namespace } : {}) } });
  if (!live) return undefined;
  const { status: _, ...inputs } = normalize(live);
  const fieldManager = fieldManagerName(inputs, "");
  const properties = recordState({ inputs, live, fieldManager, initialApiVersion: apiVersionOf(live) }, {});
  return { properties, inputs: markManifest(inputs, {}) };
}

async function get(session: Session, request: ReadRequest, target: Manifest): Promise<Manifest | undefined> {
  try {
    return await operation(session, request, target).cluster.objects.get(target);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw explain("read", target, error);
  }
}
