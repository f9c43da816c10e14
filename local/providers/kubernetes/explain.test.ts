import { expect, test } from "vitest";
import { ApiError } from "./apiError.ts";
import { explain } from "./explain.ts";

const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace: "n" } };
const said = (status: number, body: any) => explain("created", deployment, new ApiError(status, body, "?")).message;

test("an error names the object, its namespace and what the server said", () => {
  expect(said(500, { message: "etcd is down" })).toBe("Deployment n/web can't be created: etcd is down");
});

test.each([
  [409, { reason: "AlreadyExists", message: 'deployments "web" already exists' }, "pulumi import"],
  [409, { reason: "Conflict", message: "conflict with x" }, "pulumi.com/patchForce"],
  [403, { reason: "Forbidden", message: "may not" }, "bind a role"],
  [404, { reason: "NotFound", message: 'namespaces "n" not found' }, "Create the namespace n first"],
  [0, undefined, "Is the cluster up"],
  [422, { reason: "Invalid", message: "invalid", details: { causes: [{ reason: "FieldValueInvalid", field: "spec.replicas", message: "must be positive" }] } }, "spec.replicas (must be positive)"],
])("and says what to do about a %i", (status, body, remedy) => {
  expect(said(status, body)).toContain(remedy);
});
