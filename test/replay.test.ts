import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { EpisodeRecord } from "../images/runner/src/events.ts";
import { fakeEvents } from "../report/fakeEvents.ts";
import { CliProcess } from "./cliProcess.ts";

/** `rewardlab replay` on a saved folder, through the command line, in the Python environment of the machine's cache. */
const cli = new CliProcess(process.env);
/** Played once by the task app's own code: the same seed and actions give this hash on every machine. */
const played: Partial<EpisodeRecord> = {
  envSeed: 21,
  actions: [["move_left", "do"], ["sleep"], ["place_table", "move_up", "noop"]],
  trajectoryHash: "8376d38b99b1ad264b26499252b87a53534af93b8f7006587b197dcca7ef3fb6",
};

/** A folder with one run, whose held-out episode e0 after training is the given one. */
function savedFolder(name: string, episode: Partial<EpisodeRecord>): string {
  const events = fakeEvents({ name: "a", iterations: 1, rewards: [1], before: [0], after: [1] });
  const last = events.findLast((event) => event.type === "evaluation.finished")!;
  Object.assign(last.episodes[0]!, episode, { id: "a-0a1b2c3d-eval1-e0" });
  const folder = join(cli.folder, name);
  mkdirSync(join(folder, "a"), { recursive: true });
  writeFileSync(join(folder, "a", "events.jsonl"), events.filter(({ type }) => type !== "run.finished").map((event) => `${JSON.stringify(event)}\n`).join(""));
  return folder;
}

let intact: string;
beforeAll(() => void (intact = savedFolder("intact", played)));
afterAll(() => cli.remove());

test("an episode of the record is played again, found to be the same, and drawn", async () => {
  const { status, stdout, stderr } = await cli.run("replay", "a", "eval1-e0", "--from", intact, "--out", "film.gif");
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("a-0a1b2c3d-eval1-e0: world 21, 3 decisions, 6 actions: the very episode of the record (8376d38b99b1…)");
  expect(stdout).toContain("unlocked: collect_sapling (decision 1)");
  expect(readFileSync(join(cli.folder, "work", "film.gif")).subarray(0, 6).toString()).toBe("GIF89a");
});

test("without a name the picture stands beside the events, and --json says what was found", async () => {
  const { status, stdout } = await cli.run("replay", "a", "eval1-e0", "--from", intact, "--json");
  expect(status).toBe(0);
  const { replay, episode, trainingChain } = JSON.parse(stdout);
  expect(replay).toMatchObject({ same: true, actions: 6, out: join(intact, "a", `${episode.id}.png`) });
  expect(trainingChain).toBeNull();
  expect(readFileSync(replay.out).subarray(1, 4).toString()).toBe("PNG");
});

test("a record with one changed action is detected: status 1, both hashes, no picture", async () => {
  const changed = savedFolder("changed", { ...played, actions: [["move_left", "do"], ["sleep"], ["place_table", "move_down", "noop"]] });
  const { status, stdout, stderr } = await cli.run("replay", "a", "eval1-e0", "--from", changed, "--out", "changed.png");
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/the actions of the record lead to [0-9a-f]{64}, but it says 8376d38b/);
  expect(() => readFileSync(join(cli.folder, "work", "changed.png"))).toThrow("ENOENT");
});
