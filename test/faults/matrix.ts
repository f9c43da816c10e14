/** The fault matrix as data: what happens, in which phase of a run, and what becomes of the run. */

/** Where a run is when the fault comes, in its second iteration of three; the evaluation is its last one. */
export const PHASES = ["rollout", "step", "save", "load", "evaluation"] as const;
export type Phase = (typeof PHASES)[number];

export const FAULTS = [
  "runner killed", "trainer killed", "vLLM killed", "task app killed", "API server 60 s away", "kubelet restarted", "disk full", "adapter file torn",
] as const;
export type Fault = (typeof FAULTS)[number];

/** A run that finishes with the record of an undisturbed one, or fails with this in the last line of its log. */
export type End = "finished" | RegExp;

export interface Cell {
  fault: Fault;
  phase: Phase;
  end: End;
}

const FULL = /could not be saved: .*No space left on device/;
const TORN = /the files of \S+-v2 at \S+ have the digest .*: they are torn or changed/;

/**
 * The cells that end in a failed Job; all others finish. A disk that stays full can't take the step; one that has room
 * again is a retry. A torn file is never loaded, and one that is loaded already is not read again.
 */
const FAILING: Partial<Record<Fault, Partial<Record<Phase, RegExp>>>> = {
  "disk full": { save: FULL },
  "adapter file torn": { save: TORN, load: TORN },
};

export const CELLS: readonly Cell[] = FAULTS.flatMap((fault) => PHASES.map((phase): Cell => ({ fault, phase, end: FAILING[fault]?.[phase] ?? "finished" })));

/** Name of a cell's run: "trainer killed" in the save is trainer-killed-save. */
export const runOf = (fault: Fault, part: Phase | "bystander"): string => `${fault.toLowerCase().replaceAll(" ", "-")}-${part}`;
