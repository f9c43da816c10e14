import { expect, test } from "vitest";
import { deletionPropagation, isPatch, skipsDeleteWait, timeoutSeconds } from "./annotations.ts";

const object = (apiVersion: string, kind: string, annotations = {}) => ({ apiVersion, kind, metadata: { annotations } });

test("customTimeouts go before the annotation, which goes before ten minutes", () => {
  const annotated = object("v1", "Pod", { "pulumi.com/timeoutSeconds": "30" });
  expect([timeoutSeconds(5, annotated), timeoutSeconds(0, annotated), timeoutSeconds(0, object("v1", "Pod"))]).toEqual([5, 30, 600]);
  expect(timeoutSeconds(0, object("v1", "Pod", { "pulumi.com/timeoutSeconds": "soon" }))).toBe(600);
});

test("skipAwait skips the wait for the deletion of workloads and namespaces, of nothing else", () => {
  const skip = { "pulumi.com/skipAwait": "true" };
  expect(skipsDeleteWait(object("batch/v1", "Job", skip))).toBe(true);
  expect(skipsDeleteWait(object("v1", "Namespace", skip))).toBe(true);
  expect(skipsDeleteWait(object("v1", "Service", skip))).toBe(false);
  expect(skipsDeleteWait(object("batch/v1", "Job"))).toBe(false);
});

test("deletion is in the foreground unless the program says otherwise", () => {
  expect(deletionPropagation(object("v1", "Pod"))).toBe("Foreground");
  expect(deletionPropagation(object("v1", "Pod", { "pulumi.com/deletionPropagationPolicy": "orphan" }))).toBe("Orphan");
});

test("a patch is told by its type, not by a kind that merely ends so", () => {
  expect(isPatch("kubernetes:core/v1:NodePatch", object("v1", "Node"))).toBe(true);
  expect(isPatch("kubernetes:x.dev/v1:HotPatch", object("x.dev/v1", "HotPatch"))).toBe(false);
});
