import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { families } from "./sources.ts";
import { versions } from "./versions.ts";

/** The Go module that carries each family's version. */
const carriers = {
  kubernetes: "k8s.io/kubernetes",
  etcd: "go.etcd.io/etcd/server/v3",
  kwok: "sigs.k8s.io/kwok",
  pulumi: "github.com/pulumi/pulumi/pkg/v3",
  coredns: "github.com/coredns/coredns",
  "kube-router": "github.com/cloudnativelabs/kube-router/v2",
};

function goMod(family: keyof typeof versions): string {
  const dir = families("amd64").find((candidate) => candidate.name === family)!.moduleDir;
  return readFileSync(join(dir, "go.mod"), "utf8");
}

test.each(Object.entries(carriers))("go.mod of %s requires the pinned version of %s", (family, module_) => {
  const name = family as keyof typeof versions;
  const required = new RegExp(`^(?:require)?\\s*${module_} v(\\S+)`, "m").exec(goMod(name))?.[1];
  expect(required).toBe(versions[name]);
});

test("every part of Kubernetes that is released apart has the release's own version", () => {
  const replaced = [...goMod("kubernetes").matchAll(/^\s*k8s\.io\/\S+ => k8s\.io\/\S+ v(\S+)$/gm)].map((match) => match[1]);
  expect(replaced).toHaveLength(31);
  expect(new Set(replaced)).toEqual(new Set([versions.kubernetes.replace(/^1\./, "0.")]));
});

test("Pulumi's engine and its SDK have the same version", () => {
  const sdk = /^\s*github\.com\/pulumi\/pulumi\/sdk\/v3 v(\S+)/m.exec(goMod("pulumi"))?.[1];
  expect(sdk).toBe(versions.pulumi);
});
