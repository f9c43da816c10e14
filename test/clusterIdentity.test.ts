import { expect, it } from "vitest";
import { ClusterIdentity, identityProblem } from "../components/clusterIdentity.ts";
import { ConfigError } from "../components/config/problem.ts";
import { record } from "./record.ts";

const args = { identifier: "gpu-1", stack: "dev", context: "gpu-cluster" };

it("is the UID of kube-system, which is read and not made, kept in the state until the identifier changes", async () => {
  const { one, outputs } = await record(async () => ({ uid: (await new ClusterIdentity("identity", args).check()).uid }));
  expect(outputs.uid).toBe("uid-of-kube-system");
  expect(one("kubernetes:core/v1:Namespace", "identity-kube-system").read).toBe(true);
  const { inputs, options } = one("pulumi:index:Stash");
  expect([inputs["input"], options.replacementTrigger]).toEqual(["uid-of-kube-system", "gpu-1"]);
});

it("of the cluster that the stack is on is no problem", () => expect(identityProblem({ ...args, found: "a", known: "a" })).toBeUndefined());

it("of another cluster is a configuration problem with both, and two ways out", () => {
  const problem = identityProblem({ ...args, found: "a-b", known: "c-d" })!;
  const { exitCode, message } = new ConfigError([problem]);
  expect(exitCode).toBe(78);
  expect(message).toMatch(/Pulumi\.dev\.yaml cluster\.context: "gpu-cluster" is another cluster \(its kube-system has the UID a-b\) than the one that this stack is on \(c-d\)/);
  expect(message).toMatch(/Set cluster\.kubeconfig and cluster\.context to the stack's own cluster.*give cluster\.identifier another name than gpu-1/);
  expect(identityProblem({ ...args, context: undefined, found: "a", known: "b" })!.what).toMatch(/^the kubeconfig's current context is another/);
});
