import { RunFailure } from "./failure.ts";
import type { Adapter, Trainer } from "./trainer.ts";

/**
 * Before a load: the folder that vLLM is about to read holds the files that the trainer has on record, by their digest. A
 * file that is cut short or overwritten loads as an error at best and as other weights at worst.
 *
 * Throws a RunFailure for a folder that is another or gone; HttpError and NoAnswerError as the trainer gives them.
 */
export async function checkFolder(trainer: Trainer, { name, version, path, digest }: Adapter, signal: AbortSignal): Promise<void> {
  const found = await trainer.digestOnDisk(version, signal);
  if (found === digest) return;
  const what =
    found === null
      ? `the trainer finds no adapter ${name} at ${path}, where it wrote it`
      : `the files of ${name} at ${path} have the digest ${found}; the trainer's record says ${digest}: they are torn or changed`;
  throw new RunFailure(
    what,
    "look for a full disk, for a second trainer on the directory, and for whatever cleans it up; then start a new attempt",
  );
}
