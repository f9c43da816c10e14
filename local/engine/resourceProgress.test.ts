import { expect, test } from "vitest";
import { ResourceProgress } from "./resourceProgress.ts";

const urn = "urn:pulumi:local::rewardlab::rewardlab:app:TaskApp$kubernetes:apps/v1:Deployment::task-app";
const begin = (op: string, type = "kubernetes:apps/v1:Deployment", custom = true): any => ({
  resourcePreEvent: { metadata: { op, urn, type, new: { custom } } },
});
const end: any = { resOutputsEvent: { metadata: { urn } } };
const fail: any = { resOpFailedEvent: { metadata: { urn } } };
const status = (message: string): any => ({ diagnosticEvent: { urn, message, ephemeral: true, severity: "info", color: "never" } });

test("an operation under two seconds makes no line", () => {
  const progress = new ResourceProgress();
  expect([...progress.handle(begin("create"), 0), ...progress.tick(1.9), ...progress.handle(end, 1.9)]).toEqual([]);
});

test("a longer one is reported with what is going on, again while it lasts, and when it ends", () => {
  const progress = new ResourceProgress();
  progress.handle(begin("create"), 0);
  progress.handle(status("waiting: 0 of 1 pods ready\n"), 1);
  expect(progress.tick(2)).toEqual(["creating Deployment task-app, 2.0 s: waiting: 0 of 1 pods ready (0 done, 1 under way)"]);
  expect(progress.tick(16)).toEqual([]);
  expect(progress.tick(17)).toHaveLength(1);
  expect(progress.handle(end, 20)).toEqual(["created Deployment task-app in 20 s (1 done, 0 under way)"]);
});

test("a failure makes a line however short", () => {
  const progress = new ResourceProgress();
  progress.handle(begin("update"), 0);
  expect(progress.handle(fail, 0.1)).toEqual(["updating Deployment task-app failed after 0.1 s (1 done, 0 under way)"]);
});

test("components and what stays the same are not counted", () => {
  const progress = new ResourceProgress();
  progress.handle(begin("same"), 0);
  progress.handle(begin("create", "rewardlab:app:TaskApp", false), 0);
  progress.handle(begin("create", "pulumi:providers:kubernetes"), 0);
  expect(progress.tick(100)).toEqual([]);
});
