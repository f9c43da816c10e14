import type { DeleteRequest } from "../protocol/provider.ts";
import { deletionPropagation, skipsDeleteWait, timeoutSeconds } from "./annotations.ts";
import { isNotFound } from "./apiError.ts";
import { poll } from "./await/poll.ts";
import { NotReady } from "./await/waiter.ts";
import { explain } from "./explain.ts";
import { describe, listAt, type Manifest, stringAt } from "./manifest.ts";
import { relinquish } from "./relinquish.ts";
import { type Operation, operation, type Session } from "./session.ts";
import { initFailure } from "./settle.ts";
import { parseState, recordState } from "./state.ts";

/**
 * Deletes an object, dependants first, and waits until it's gone. One that is gone already is fine, and a patch only gives
 * its fields up. With `deleteUnreachable`, an object of a cluster that doesn't answer counts as gone.
 */
export async function deleteObject(session: Session, request: DeleteRequest): Promise<void> {
  const state = parseState(request.state);
  const { connection, config, log } = session;
  if (connection.unreachable !== undefined && config.deleteUnreachable) {
    log.log("warning", request.urn, `the cluster can't be reached (${connection.unreachable}); it counts as deleted`);
    return;
  }
  if (connection.unreachable !== undefined) {
    throw new Error(
      `${describe(state.live)} can't be deleted: the cluster can't be reached: ${connection.unreachable}\n` +
        "If the cluster itself is gone, run this again with PULUMI_K8S_DELETE_UNREACHABLE=true.",
    );
  }
  const job = operation(session, request, state.live);
  try {
    if (job.isPatch) await relinquish(job.cluster.objects, state.live, state.fieldManager);
    else await remove(job, state.inputs, state.live);
  } catch (error) {
    if (!(error instanceof NotReady)) throw explain("deleted", state.live, error);
    throw initFailure(error, request.id, recordState({ ...state, live: error.live }, request.state));
  }
}

async function remove(job: Operation, inputs: Manifest, target: Manifest): Promise<void> {
  const { objects } = job.cluster;
  try {
    await objects.remove(target, deletionPropagation(inputs));
  } catch (error) {
    if (isNotFound(error)) return;
    throw error;
  }
  if (skipsDeleteWait(inputs)) return;
  const uid = stringAt(target, "metadata", "uid");
  const seconds = timeoutSeconds(job.customTimeout, inputs);
  let last = target;
  const gone = await poll(seconds, job.signal, async () => {
    try {
      const live = await objects.get(target);
      if (uid !== undefined && stringAt(live, "metadata", "uid") !== uid) return true; // another one of the same name
      last = live;
      job.status(`being deleted; ${heldBy(live)}`);
      return undefined;
    } catch (error) {
      if (isNotFound(error)) return true;
      job.status(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  });
  job.status("");
  if (gone) return;
  throw new NotReady(`${describe(target)} is still there ${seconds} s after its deletion; ${heldBy(last)}`, last, [
    "If the controller of a finalizer is gone, remove the finalizer by hand; if it only needs longer, raise customTimeouts.delete.",
  ]);
}

/** What an object that is being deleted still waits for: its finalizers, and what a namespace says of its contents. */
function heldBy(live: Manifest): string {
  const finalizers = [...listAt(live, "metadata", "finalizers"), ...listAt(live, "spec", "finalizers")];
  const messages = listAt(live, "status", "conditions")
    .filter((item) => live.kind === "Namespace" && stringAt(item, "status") === "True")
    .map((item) => stringAt(item, "message") ?? "");
  return [`finalizers: ${finalizers.join(", ") || "none"}`, ...messages].join("; ");
}
