import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { savingOf, savingOfState, savingVariables, UnsavedUpdate } from "./stateSaving.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "rewardlab-saving-"))));
afterAll(() => rmSync(folder, { recursive: true }));

it("a stack of a few runs is saved after each step, one of hundreds at the end; one that is there goes by its size", () => {
  expect([savingOf(60), savingOf(1500)]).toEqual(["each step", "at the end"]);
  const [small, large] = ["small", "large"].map((name) => join(folder, name));
  writeFileSync(small!, "{}");
  writeFileSync(large!, Buffer.alloc(3 * 1024 * 1024));
  expect([savingOfState(join(folder, "none")), savingOfState(small!), savingOfState(large!)]).toEqual(["each step", "each step", "at the end"]);
  expect([savingVariables("each step"), Object.keys(savingVariables("at the end"))]).toEqual([{}, ["PULUMI_EXPERIMENTAL", "PULUMI_SKIP_CHECKPOINTS"]]);
});

it("the mark of an update stays until its state has been written: not after a kill, and not where the engine alone died", () => {
  const state = join(folder, "state.json");
  const update = new UnsavedUpdate(join(folder, "work"));
  update.end(state);
  expect(update.isLeft).toBe(false);
  writeFileSync(state, "of the update before");
  utimesSync(state, new Date(), new Date(Date.now() - 60_000));
  update.begin();
  update.end(state);
  expect(new UnsavedUpdate(join(folder, "work")).isLeft).toBe(true);
  utimesSync(state, new Date(), new Date(Date.now() + 1000));
  update.end(state);
  expect(update.isLeft).toBe(false);
});
