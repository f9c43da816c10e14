import { followRuns } from "../../collect/follow.ts";
import type { RunSpec } from "../../images/runner/src/runSpec.ts";
import type { FaultStack } from "./faultStack.ts";
import { type Fault, type Phase, PHASES, runOf } from "./matrix.ts";
import { type Moment, MOMENTS } from "./moment.ts";
import { Trial } from "./trial.ts";
import { until } from "./until.ts";

/** Decisions that an iteration or evaluation has had before it is held: then each episode is in the middle. */
const DECISIONS_BEFORE = 8;

/** The five runs of a fault, one for each phase, and one beside them that nothing of the test stands before. */
export class Trials {
  readonly fault: Fault;
  readonly at: Record<Phase, Trial>;
  readonly bystander: Trial;
  readonly #stack: FaultStack;
  readonly #ended: Promise<void>;
  readonly #stop = new AbortController();

  constructor(stack: FaultStack, fault: Fault) {
    this.#stack = stack;
    this.fault = fault;
    this.at = Object.fromEntries(PHASES.map((phase) => [phase, new Trial(stack, runOf(fault, phase))])) as Record<Phase, Trial>;
    this.bystander = new Trial(stack, runOf(fault, "bystander"));
    this.#ended = this.#follow();
    // It is awaited at the end; until then a failure must not end the process.
    this.#ended.catch(() => undefined);
  }

  get all(): Trial[] {
    return [...Object.values(this.at), this.bystander];
  }

  /**
   * Starts the five and brings each to the door of its phase: a few decisions into the iteration or the evaluation, before the
   * step is posted (also for the save), before the load. `load` says where a load is held, and on which side.
   */
  async begin(load: { moment: Moment; side?: "question" | "answer" } = { moment: "load" }): Promise<void> {
    const { rollout, step, save, evaluation } = this.at;
    for (const trial of [rollout, evaluation]) {
      const decides = MOMENTS[trial === rollout ? "rollout" : "evaluation"];
      let decisions = 0;
      trial.hold = trial.line.hold((call) => decides(call) && ++decisions > DECISIONS_BEFORE);
    }
    for (const trial of [step, save]) trial.hold = trial.line.hold(MOMENTS.step);
    this.at.load.hold = this.at.load.line.hold(MOMENTS[load.moment], load.side);
    for (const trial of Object.values(this.at)) await this.#stack.makeRun(trial.name, (spec) => ({ ...spec, endpoints: { ...spec.endpoints, ...this.#stack.endpoints(trial.name) } }));
    await Promise.all(PHASES.map(async (phase) => {
      let there = false;
      void this.at[phase].hold!.reached.then(() => (there = true));
      await until(`the ${phase} of ${this.at[phase].name}`, () => there || undefined).catch((error: Error) => {
        throw new Error(`${error.message}; its last line: ${this.at[phase].log.at(-1)}`);
      });
    }));
  }

  /** Starts the bystander and waits until it has begun. */
  async startBystander(change: (spec: RunSpec) => RunSpec = (spec) => spec): Promise<void> {
    await this.#stack.makeRun(this.bystander.name, change);
    await this.bystander.says(/"type":"run.started"/);
  }

  release(...phases: Phase[]): void {
    for (const phase of phases) this.at[phase].hold!.release();
  }

  /** Resolves when all Jobs have ended, the bystander's too. */
  ended(): Promise<void> {
    return this.#ended;
  }

  /** Ends them where the test itself went wrong. */
  async abandon(): Promise<void> {
    this.#stop.abort(new Error("abandoned"));
    this.#stack.disk.free();
    for (const trial of this.all) await trial.abandon();
  }

  async #follow(): Promise<void> {
    const byName = new Map(this.all.map((trial) => [trial.name, trial]));
    const follower = { onLine: (run: string, line: string) => void byName.get(run)!.log.push(line) };
    for (const job of await followRuns(this.#stack.access, [...byName.keys()], follower, this.#stop.signal)) byName.get(job.run)!.job = job;
  }
}
