import { expect, it } from "vitest";
import { claimProblem } from "./storage.ts";

const NAMESPACE = "results-rewardlab-dev";
const storage = (name: string, isDefault = false) => ({ metadata: { name, annotations: { "storageclass.kubernetes.io/is-default-class": String(isDefault) } }, provisioner: "p" });
const volume = (phase: string, storageClassName?: string, namespace?: string) => ({ spec: { storageClassName, ...(namespace && { claimRef: { namespace } }) }, status: { phase } });

it("a claim gets its class, else the default one, else a volume that is free or was its own", () => {
  expect(claimProblem([storage("slow"), storage("fast")], [], { storageClass: "fast" }, NAMESPACE)).toBeNull();
  expect(claimProblem([storage("slow"), storage("fast", true)], [], {}, NAMESPACE)).toBeNull();
  expect(claimProblem([], [volume("Available")], {}, NAMESPACE)).toBeNull();
  expect(claimProblem([], [volume("Bound", "", NAMESPACE)], {}, NAMESPACE)).toBeNull();
  expect(claimProblem([], [volume("Available", "by-hand")], { storageClass: "by-hand" }, NAMESPACE)).toBeNull();
});

it("without any of them it would wait for ever, and is refused with what there is", () => {
  expect(claimProblem([storage("slow")], [volume("Bound"), volume("Available", "other"), volume("Released", "", "elsewhere")], {}, NAMESPACE))
    .toBe("results are kept on a claim, but the cluster has no default storage class and no free volume for it; its classes: slow. Name one by results.storageClass, or keep results in a bucket (results.kind: s3)");
  expect(claimProblem([], [volume("Available")], { storageClass: "fast" }, NAMESPACE)).toMatch(/no storage class fast .* its classes: none/);
});
