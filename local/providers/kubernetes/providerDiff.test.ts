import { expect, test } from "vitest";
import { UNKNOWN } from "../protocol/propertyValues.ts";
import { providerDiff } from "./providerDiff.ts";

const kubeconfig = (server: string, token = "a") =>
  JSON.stringify({
    clusters: [{ name: "c", cluster: { server } }],
    users: [{ name: "u", user: { token } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  });
const replaces = (olds: any, news: any) => [...providerDiff(olds, news).changes].filter(([, { replace }]) => replace).map(([path]) => path);

test("another cluster identifier is another cluster", () => {
  expect(replaces({ clusterIdentifier: "1" }, { clusterIdentifier: "2" })).toEqual(["clusterIdentifier"]);
});

test("with the same identifier nothing is replaced, however the kubeconfig changes", () => {
  const olds = { clusterIdentifier: "1", kubeconfig: kubeconfig("https://a") };
  expect(replaces(olds, { ...olds, kubeconfig: kubeconfig("https://b") })).toEqual([]);
  expect(replaces(olds, { ...olds, kubeconfig: UNKNOWN })).toEqual([]);
});

test("without one, a kubeconfig with another server is another cluster, and one with another token isn't", () => {
  expect(replaces({ kubeconfig: kubeconfig("https://a") }, { kubeconfig: kubeconfig("https://b") })).toEqual(["kubeconfig"]);
  expect(replaces({ kubeconfig: kubeconfig("https://a") }, { kubeconfig: kubeconfig("https://a", "b") })).toEqual([]);
  expect(replaces({ kubeconfig: kubeconfig("https://a") }, { kubeconfig: UNKNOWN })).toEqual(["kubeconfig"]);
});

test("giving a cluster its identifier for the first time replaces nothing", () => {
  const olds = { kubeconfig: kubeconfig("https://a") };
  expect(replaces(olds, { ...olds, clusterIdentifier: "1" })).toEqual([]);
});
