/**
 * Where the files of a run are, below its run key: the contract between the runner, which alone writes them, and whoever
 * collects them. All that is uploaded together is sealed by a list of its digests, written last.
 *
 *     run.json                                   the spec
 *     log/<pod's start>-<pod>/<n>.txt            the runner's output in pieces, events and words alike
 *     traces/<pod's start>-<pod>/<n>.jsonl.gz    the task app's traces of the episodes played meanwhile, one a line
 *     adapter/v<N>/<file>                        an adapter version's files
 *     checkpoint/step-<N>.safetensors            the trainer's newest checkpoint
 *     seals/<name>.sha256                        digests of the files of one upload; `sha256sum -c` reads it
 */
export const RUN_FILE = "run.json";
export const SEALS = "seals/";

/** Pod folders sort by the pods' start (milliseconds, 13 digits until the year 2286), pieces by their number. */
export const podFolder = (startedAt: number, pod: string): string => `${startedAt}-${pod}`;
export const logFile = (folder: string, piece: number): string => `log/${folder}/${digits(piece)}.txt`;
export const traceFile = (folder: string, piece: number): string => `traces/${folder}/${digits(piece)}.jsonl.gz`;
export const adapterFile = (version: number, name: string): string => `adapter/v${version}/${name}`;
export const checkpointFile = (name: string): string => `checkpoint/${name}`;
export const sealFile = (name: string): string => `${SEALS}${name}.sha256`;

const digits = (piece: number) => String(piece).padStart(5, "0");

/** A file of a run by its path below the run key, with its SHA-256 (hexadecimal digits). */
export interface Sealed {
  path: string;
  sha256: string;
}

export const sealText = (files: readonly Sealed[]): string => files.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join("");

/** The files that a seal lists. Throws an Error for a text that is no seal. */
export function readSeal(text: string): Sealed[] {
  return text.split("\n").filter(Boolean).map((line) => {
    const match = /^([0-9a-f]{64}) {2}(\S+)$/.exec(line);
    if (match === null) throw new Error(`is no line of a seal: ${line.slice(0, 100)}`);
    return { sha256: match[1]!, path: match[2]! };
  });
}
