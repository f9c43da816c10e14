import { expect, test } from "vitest";
import type { RunEvent } from "../images/runner/src/events.ts";
import { chainHash } from "../images/runner/src/tally.ts";
import { fakeEvents } from "../report/fakeEvents.ts";
import { chainHolds, findEpisode } from "./episodeRecord.ts";
import { UserError } from "./exit.ts";

/** A run whose last event sums up its training episodes' hashes, as a runner's does. */
function wholeRun(): RunEvent[] {
  const events = structuredClone(fakeEvents({ name: "r", iterations: 2, rewards: [1, 2], before: [0, 1], after: [1, 2] }));
  let chain = "";
  for (const event of events) {
    if (event.type === "rollout.finished") for (const episode of event.episodes) {
      episode.id = `r-0a1b2c3d-i${event.iteration}-g0-e0`;
      chain = chainHash(chain, episode.trajectoryHash);
    }
    if (event.type === "run.finished") event.trajectoryHash = chain;
  }
  return events;
}

test("an episode is found by its id and by the end of it", () => {
  const events = wholeRun();
  for (const wanted of ["r-0a1b2c3d-i2-g0-e0", "i2-g0-e0"]) expect(findEpisode("r", events, wanted).id).toBe("r-0a1b2c3d-i2-g0-e0");
});

test("an episode that a killed pod had begun is the one of the pod that came after it", () => {
  const events = wholeRun();
  const cut = events.findIndex((event) => event.type === "rollout.finished" && event.iteration === 2);
  const lost = structuredClone(events[cut]!);
  if ("episodes" in lost) lost.episodes[0]!.envSeed = 99;
  expect(findEpisode("r", [...events.slice(0, cut), lost, ...events.slice(cut)], "i2-g0-e0").envSeed).toBe(1);
});

test("an unknown episode is refused with a near one, a record without actions with the reason", () => {
  const events = wholeRun();
  expect(() => findEpisode("r", events, "i2-g0-e7")).toThrow(/has no episode "i2-g0-e7"; did you mean i2-g0-e0\?/);
  expect(() => findEpisode("r", [], "i2-g0-e7")).toThrow(UserError);
  for (const event of events) if ("episodes" in event) for (const episode of event.episodes) episode.actions = [];
  expect(() => findEpisode("r", events, "i2-g0-e0")).toThrow("holds no actions");
});

test("the summary shows a training episode whose actions and hash were changed together", () => {
  const events = wholeRun();
  expect(chainHolds(events)).toBe(true);
  for (const event of events) if (event.type === "rollout.finished" && event.iteration === 1) event.episodes[0]!.trajectoryHash = "f".repeat(64);
  expect(chainHolds(events)).toBe(false);
});

test("a run that has not ended, or whose first log is lost, has no chain to check", () => {
  expect(chainHolds(wholeRun().slice(0, -1))).toBeNull();
  expect(chainHolds(wholeRun().filter((event) => !(event.type === "rollout.finished" && event.iteration === 1)))).toBeNull();
});
