import { checkFolder } from "./adapterFolder.ts";
import { IDENTITY_REMEDY } from "./canary.ts";
import { RunFailure } from "./failure.ts";
import { HttpError } from "./http.ts";
import { isPassing } from "./retry.ts";
import type { Adapter, Trainer } from "./trainer.ts";
import type { Vllm } from "./vllm.ts";

/**
 * Has the server load a version from its own folder, whose files are compared with the trainer's record before; nothing is
 * done where it serves it already.
 *
 * Throws a RunFailure for another folder under the name, and for a folder that is torn or gone; HttpError and NoAnswerError as
 * server and trainer give them.
 */
export async function loadAdapter(vllm: Vllm, trainer: Trainer, adapter: Adapter, signal: AbortSignal): Promise<void> {
  const { name, path } = adapter;
  const loaded = (await vllm.models(signal)).find((model) => model.id === name);
  if (loaded?.root === path) return;
  if (loaded) throw new RunFailure(`vLLM serves ${name} from ${loaded.root}, not from ${path}`, IDENTITY_REMEDY);
  await checkFolder(trainer, adapter, signal);
  try {
    await vllm.loadAdapter(name, path, signal);
  } catch (error) {
    if (!(error instanceof HttpError) || isPassing(error)) throw error;
    // Torn since it was looked at: then that is the cause, whatever the server made of it.
    await checkFolder(trainer, adapter, signal);
    if (error.status !== 404) throw error;
    const remedy =
      "mount one adapter directory into both pods, on one node, and delete nothing in it; then start a new attempt";
    throw new RunFailure(`vLLM finds no adapter ${name} at ${path}, where the trainer wrote it`, remedy, { cause: error });
  }
}
