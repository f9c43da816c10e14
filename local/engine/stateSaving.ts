import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * When the engine writes a stack's state. Its file backend writes all of it, so saving after each step costs the square of the
 * stack's size: nine tenths of the engine's time at sixty experiments. A large stack's is saved once, when the operation has
 * ended, well or not, an interrupt included. Only a kill loses it, and a mark tells the next update of that.
 */
export type StateSaving = "each step" | "at the end";

/** From here on saving after each step takes longer than all the rest (docs/performance.md, A fleet). */
const LARGE = { resources: 300, stateBytes: 2 * 1024 * 1024 };

export const savingOf = (resources: number): StateSaving => (resources >= LARGE.resources ? "at the end" : "each step");

/** For an operation on what is there, by the file that its state is in. */
export function savingOfState(file: string): StateSaving {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) >= LARGE.stateBytes ? "at the end" : "each step";
}

/** What tells the engine: `PULUMI_SKIP_CHECKPOINTS`, one of its experimental settings (sdk/go/common/env, pulumi/pulumi#10668). */
export function savingVariables(saving: StateSaving): Record<string, string> {
  return saving === "at the end" ? { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" } : {};
}

/** The mark in a stack's folder that an update has begun whose state is not saved yet. */
export class UnsavedUpdate {
  readonly #file: string;

  constructor(workDir: string) {
    this.#file = join(workDir, "unsaved-update");
  }

  /** True after an update that was killed: what it made is in the cluster, and in no state. */
  get isLeft(): boolean {
    return existsSync(this.#file);
  }

  begin(): void {
    mkdirSync(join(this.#file, ".."), { recursive: true });
    writeFileSync(this.#file, "");
  }

  /** Takes the mark off if the state has been written since: an engine that died wrote none. */
  end(stateFile: string): void {
    const written = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (written(stateFile) >= written(this.#file)) this.forget();
  }

  /** Takes the mark off once nothing is in the cluster that the state does not know. */
  forget(): void {
    rmSync(this.#file, { force: true });
  }
}
