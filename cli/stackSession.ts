import type { Access } from "../collect/access.ts";
import type { EngineStack } from "./engineStack.ts";
import type { PhaseClock } from "./phaseClock.ts";

/** A stack that this program runs by itself, on the embedded cluster or on one of the user's, as the verbs use it. */
export interface StackSession {
  readonly stack: string;
  /** The options by which another command means the same stack. */
  readonly options: string;
  /** Refuses everything that can be refused before anything is created. Returns the names of the stack's runs. */
  check(): Promise<string[]>;
  /** Brings up what the stack needs around it. */
  start(clock: PhaseClock): Promise<EngineStack>;
  /** The stack as it is up now, for an operation that runs no program; null when there is nothing to operate on. */
  running(): Promise<EngineStack | null>;
  access(): Access;
  /** What the cluster still has of the stack, each with the command that removes it. */
  held(): Promise<string[]>;
  /** Ends what `start` brought up, after the stack was destroyed. Returns what is left all the same. */
  stop(): Promise<string[]>;
  /** Removes every trace of the stack, of killed starts too. Throws an Error that lists what is left all the same. */
  clean(): Promise<void>;
  /** What taking it down is, and what a clean-up has shown: for the screen. */
  readonly teardown: string;
  readonly cleaned: string;
}
