import { expect, it } from "vitest";
import { FakeStack } from "../../images/runner/test/fakeStack.ts";
import { HIT, LAST, type Moment, MOMENTS, repeatedGroups, stepsAsked } from "./moment.ts";
import { Wire } from "./wire.ts";

/** What a run has asked for when it stands at a moment: the latest group of episodes, and the steps. */
const STANDING: Record<Moment, { group: string; steps: number }> = {
  rollout: { group: `-i${HIT}-`, steps: HIT - 1 },
  step: { group: `-i${HIT}-`, steps: HIT },
  check: { group: `-i${HIT}-`, steps: HIT },
  load: { group: `-i${HIT}-`, steps: HIT },
  evaluation: { group: `-eval${LAST}-`, steps: LAST },
};

it.each(Object.keys(MOMENTS) as Moment[])("a run stands at its %s, and goes on from there to its end", async (moment) => {
  await using stack = await FakeStack.start();
  const wire = new Wire((service) => Promise.resolve(stack[service].url));
  await wire.start();
  try {
    const line = wire.line("run");
    const hold = line.hold(MOMENTS[moment]);
    const ended = stack.run(stack.spec((spec) => Object.assign(spec.endpoints, wire.endpoints("127.0.0.1", "run"))));
    await hold.reached;
    const rollouts = line.calls.filter(({ path }) => path === "/rollout").map(({ body }) => (body as { run_id: string }).run_id);
    expect(rollouts.at(-1)).toContain(STANDING[moment].group);
    expect(stepsAsked(line.calls)).toHaveLength(STANDING[moment].steps);
    hold.release();
    expect((await ended).code).toBe(0);
    expect(stepsAsked(line.calls)).toEqual([1, 2, 3]);
    expect(repeatedGroups(line.calls)).toEqual([]);
  } finally {
    wire.stop();
  }
}, 120_000);
