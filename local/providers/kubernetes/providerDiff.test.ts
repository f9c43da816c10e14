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
const replaces = async (olds: any, news: any) => {
  const { changes } = await providerDiff(olds, news);
  return [...changes].filter(([, { replace }]) => replace).map(([path]) => path);
};

test("another cluster identifier is another cluster", async () => {
  expect(await replaces({ clusterIdentifier: "1" }, { clusterIdentifier: "2" })).toEqual(["clusterIdentifier"]);
});

test("with the same identifier nothing is replaced, however the kubeconfig changes", async () => {
  const olds = { clusterIdentifier: "1", kubeconfig: kubeconfig("https://a") };
  expect(await replaces(olds, { ...olds, kubeconfig: kubeconfig("https://b") })).toEqual([]);
  expect(await replaces(olds, { ...olds, kubeconfig: UNKNOWN })).toEqual([]);
});

test("without one, a kubeconfig with another server is another cluster, and one with another token isn't", async () => {
  expect(await replaces({ kubeconfig: kubeconfig("https://a") }, { kubeconfig: kubeconfig("https://b") })).toEqual(["kubeconfig"]);
  expect(await replaces({ kubeconfig: kubeconfig("https://a") }, { kubeconfig: kubeconfig("https://a", "b") })).toEqual([]);
  expect(await replaces({ kubeconfig: kubeconfig("https://a") }, { kubeconfig: UNKNOWN })).toEqual(["kubeconfig"]);
});

test("giving a cluster its identifier for the first time replaces nothing", async () => {
  const olds = { kubeconfig: kubeconfig("https://a") };
  expect(await replaces(olds, { ...olds, clusterIdentifier: "1" })).toEqual([]);
});
