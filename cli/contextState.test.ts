import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ContextState, stacksOnContexts } from "./contextState.ts";
import { EXIT, exitCodeOf } from "./exit.ts";

let stateDir: string;
beforeEach(() => (stateDir = mkdtempSync(join(tmpdir(), "rewardlab-state-"))));
afterEach(() => rmSync(stateDir, { recursive: true }));

const thrown = (work: () => void): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
};

test("a stack that is on a cluster goes to no other, whatever the context's name, and is told the way back", () => {
  const state = new ContextState(stateDir, "exp");
  expect(thrown(() => state.demandSameCluster({ uid: "1", context: "a" }))).toBeUndefined();
  state.prepare("{}");
  state.record({ uid: "1", context: "a" });
  expect(thrown(() => state.demandSameCluster({ uid: "1", context: "renamed" }))).toBeUndefined();
  const error = thrown(() => state.demandSameCluster({ uid: "2", context: "a" }));
  expect(exitCodeOf(error)).toBe(EXIT.config);
  expect((error as Error).message).toContain("npm start -- --context a --stack exp --clean");
  expect((error as Error).message).toContain(`rm -r ${state.folder}`);
});

test("credentials are for their owner alone", () => {
  const state = new ContextState(stateDir, "exp");
  state.prepare("{}");
  expect([statSync(state.folder).mode & 0o777, statSync(state.kubeconfig).mode & 0o777]).toEqual([0o700, 0o600]);
});

test("stacks count as on a cluster from the record on until the folder goes; a preview's folder does not", () => {
  expect(stacksOnContexts(stateDir)).toEqual([]);
  const [up, seen] = [new ContextState(stateDir, "up"), new ContextState(stateDir, "seen")];
  for (const state of [up, seen]) state.prepare("{}");
  up.record({ uid: "1", context: "a" });
  expect(stacksOnContexts(stateDir)).toEqual([{ stack: "up", context: "a", folder: up.folder }]);
  up.remove();
  expect([stacksOnContexts(stateDir), existsSync(up.folder)]).toEqual([[], false]);
});
