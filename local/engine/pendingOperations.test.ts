import { expect, test } from "vitest";
import { settlePending } from "./pendingOperations.ts";

const job = { urn: "urn:job", type: "kubernetes:batch/v1:Job", inputs: { metadata: { name: "run-1", namespace: "n" } } };
const namespace = { urn: "urn:ns", type: "kubernetes:core/v1:Namespace", inputs: { metadata: { name: "n" } } };
const image = { urn: "urn:image", type: "docker:index/image:Image", inputs: { imageName: "x" } };
const pending = (type: string, resource: any) => ({ type, resource });

test("an object whose creation was under way is put into the state, with the id that the provider would give it", () => {
  const { deployment, refresh } = settlePending({ resources: [], pending_operations: [pending("creating", job), pending("creating", namespace)] });
  expect(deployment).toEqual({ resources: [{ ...job, id: "n/run-1" }, { ...namespace, id: "n" }] });
  expect(refresh).toEqual(["urn:job", "urn:ns"]);
});

test("updates and deletions under way are in the state already, and a build leaves nothing", () => {
  const resources = [{ ...job, id: "n/run-0" }];
  const operations = [pending("updating", job), pending("deleting", job), pending("creating", image)];
  expect(settlePending({ resources, pending_operations: operations })).toEqual({ deployment: { resources }, refresh: [] });
});

test("the object that a new one was to take the place of is deleted by the next run", () => {
  const old = { ...job, id: "n/run-0" };
  const { deployment } = settlePending({ resources: [old], pending_operations: [pending("creating", job)] });
  expect(deployment.resources).toEqual([{ ...old, delete: true }, { ...job, id: "n/run-1" }]);
});

test("the mark of one that was deleted first gives way", () => {
  const resources = [{ ...job, id: "n/run-1", pendingReplacement: true }];
  const { deployment } = settlePending({ resources, pending_operations: [pending("creating", job)] });
  expect(deployment.resources).toEqual([{ ...job, id: "n/run-1" }]);
});
