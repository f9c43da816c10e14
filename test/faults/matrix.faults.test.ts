import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { followRuns } from "../../collect/follow.ts";
import { parseEventLine, type RunEvent } from "../../images/runner/src/events.ts";
import { runRecord } from "../../images/runner/test/runRecord.ts";
import { report as reportSchema } from "../../report/schema.ts";
import { BLOWS } from "./blows.ts";
import { FaultStack, TEMPLATE } from "./faultStack.ts";
import { CELLS, FAULTS } from "./matrix.ts";
import { LAST, repeatedGroups, stepsAsked } from "./moment.ts";
import type { Trial } from "./trial.ts";
import { Trials } from "./trials.ts";

/**
 * The fault matrix: each fault in each phase of a run, in the embedded cluster, with real services and real processes. All
 * runs are copies of one run that nothing disturbs, and must end with its record.
 */

const MINUTES = 60_000;
const stack = new FaultStack();
let undisturbed: ReturnType<typeof runRecord>;
const expected = new Map<string, "finished" | "failed">();
/** Seeds that are looked at for a run to compare with. */
const SEEDS = 15;

beforeAll(async () => {
  await stack.up();
  undisturbed = await reference();
}, 30 * MINUTES);

afterAll(async () => {
  await stack.clean();
}, 5 * MINUTES);

/**
 * The record of a run that nothing disturbs and that has an update in each iteration, so that every version has weights of its own: which
 * seed gives one depends on the model and the processor. All further runs have its seed.
 */
async function reference(): Promise<ReturnType<typeof runRecord>> {
  for (let seed = 0; seed <= SEEDS; seed++) {
    const name = seed === 0 ? TEMPLATE : `reference-${seed}`;
    if (seed > 0) {
      stack.seed = seed;
      await stack.makeRun(name, (spec) => spec);
    }
    const events: RunEvent[] = [];
    const [job] = await followRuns(stack.access, [name], { onEvent: (_, event) => void events.push(event) }, new AbortController().signal);
    // One without any update fails, as it should.
    expected.set(name, job!.state === "complete" ? "finished" : "failed");
    const end = events.find((event) => event.type === "run.finished");
    console.info(`${name}: ${end === undefined ? job!.state : `${end.iterationsWithoutUpdate} of ${end.iterations} iterations without an update`}`);
    if (end?.iterationsWithoutUpdate === 0) return runRecord(events);
  }
  throw new Error(`none of ${SEEDS + 1} seeds gives a run with an update in each iteration`);
}

describe.each(FAULTS)("%s", (fault) => {
  let trials: Trials;
  beforeAll(async () => {
    trials = new Trials(stack, fault);
    const begin = performance.now();
    const say = (what: string) => console.info(`${fault}: ${what} after ${((performance.now() - begin) / 1000).toFixed(0)} s`);
    try {
      await BLOWS[fault](stack, trials);
      say("struck in all phases");
      await trials.ended();
      say("all runs ended");
    } catch (error) {
      await trials.abandon();
      throw error;
    }
  }, 10 * MINUTES);

  it.each(CELLS.filter((cell) => cell.fault === fault))("in the $phase: $end", async ({ phase, end }) => {
    const trial = trials.at[phase];
    expected.set(trial.name, end === "finished" ? end : "failed");
    if (end === "finished") await finishedUndisturbed(trial);
    else failedWith(trial, end);
  });

  it("and a run beside them goes on", async () => {
    expected.set(trials.bystander.name, "finished");
    if (fault === "disk full") expect(trials.bystander.job, trials.bystander.log.at(-1)).toMatchObject({ state: "complete" });
    else await finishedUndisturbed(trials.bystander);
  });
});

async function finishedUndisturbed(trial: Trial): Promise<void> {
  expect(trial.job, trial.log.at(-1)).toMatchObject({ state: "complete" });
  expect(runRecord(trial.events)).toEqual(undisturbed);
  expect(trial.events.map(({ seq }) => seq)).toEqual(trial.events.map((_, index) => index + 1));
  expect(repeatedGroups(trial.line.calls).length).toBeLessThanOrEqual(1);
  const asked = stepsAsked(trial.line.calls);
  // The bystander's requests are seen by nobody.
  if (asked.length > 0) expect([...new Set(asked)]).toEqual(Array.from({ length: LAST }, (_, index) => index + 1));
  expect(asked.length).toBeLessThanOrEqual(LAST + 1);
}

function failedWith(trial: Trial, cause: RegExp): void {
  expect(trial.job).toMatchObject({ state: "failed" });
  expect(trial.log.at(-1)).toMatch(cause);
  expect(parseEventLine(trial.log.findLast((line) => line.startsWith("{"))!)).toMatchObject({ type: "run.failed", reason: expect.stringMatching(cause) });
}

it("the server holds no adapter of a run that has ended", async () => {
  const answer = await fetch(`${await stack.addressOf("vllm")}/v1/models`, { headers: { authorization: `Bearer ${await stack.secret("SYNTH_API_KEY")}` } });
  expect(((await answer.json()) as { data: { id: string }[] }).data.map(({ id }) => id)).toEqual(["base"]);
});

it("the report says of each run what became of it, and ends with status 1 since some failed", async () => {
  const { status, stdout, stderr } = await stack.cli.run("report", "--json");
  const report = reportSchema.parse(JSON.parse(stdout));
  expect(Object.fromEntries(report.runs.map(({ name, state }) => [name, state]))).toEqual(Object.fromEntries(expected));
  expect(status).toBe(1);
  for (const { name, state, failure } of report.runs) if (state === "failed") expect(stderr).toContain(`${name}: failed: ${failure!.reason}. What to do: ${failure!.remedy}`);
}, 5 * MINUTES);

it("taking the stack down leaves nothing", async () => {
  const { status, stderr } = await stack.cli.run("down");
  expect(status, stderr.slice(-2000)).toBe(0);
  expect(stderr).toContain("nothing is left");
}, 5 * MINUTES);
