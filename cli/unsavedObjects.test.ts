import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { isUnsaved, savedObjects } from "./unsavedObjects.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "rewardlab-unsaved-"))));
afterAll(() => rmSync(folder, { recursive: true }));

it("a state knows its objects by kind and name; no file, and a stack that has none, know nothing", () => {
  const [file, empty] = [join(folder, "dev.json"), join(folder, "empty.json")];
  const resources = [
    { type: "pulumi:pulumi:Stack" }, { type: "pulumi:providers:kubernetes", id: "1" }, { type: "rewardlab:runs:RewardJob" },
    { type: "kubernetes:batch/v1:Job", id: "rewardlab-dev/run-1" }, { type: "kubernetes:core/v1:NodePatch", id: "gpu-0" }, { type: "kubernetes:core/v1:Namespace", id: "rewardlab-dev" },
  ];
  writeFileSync(file, JSON.stringify({ version: 3, checkpoint: { latest: { resources } } }));
  writeFileSync(empty, JSON.stringify({ version: 3, checkpoint: {} }));
  expect([...savedObjects(file)]).toEqual(["Job rewardlab-dev/run-1", "Node gpu-0", "Namespace rewardlab-dev"]);
  expect([savedObjects(empty).size, savedObjects(join(folder, "none.json")).size]).toEqual([0, 0]);
});

it("unsaved is what the state does not know; not what another object owns or casts, and never results that were kept", () => {
  const saved = new Set(["Job rewardlab-dev/run-1"]);
  const unsaved = (kind: string, name: string, namespace?: string, owned = false) => isUnsaved({ kind, name, namespace, owned }, "dev", saved);
  expect([unsaved("Job", "run-1", "rewardlab-dev"), unsaved("Job", "run-2", "rewardlab-dev"), unsaved("Namespace", "rewardlab-dev")]).toEqual([false, true, true]);
  expect([unsaved("Pod", "run-2-x", "rewardlab-dev", true), unsaved("Endpoints", "vllm-0", "rewardlab-dev")]).toEqual([false, false]);
  expect([unsaved("Namespace", "results-rewardlab-dev"), unsaved("PersistentVolumeClaim", "results", "results-rewardlab-dev")]).toEqual([false, false]);
});
