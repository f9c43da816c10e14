import { expect, test } from "vitest";
import { secret, UNKNOWN } from "../protocol/propertyValues.ts";
import { parseProviderConfig, providerConfigFailures } from "./providerConfig.ts";

test("flags arrive as the SDK's strings, a kubeconfig may be secret or an object", () => {
  const config = parseProviderConfig({ enableSecretMutable: "true", kubeconfig: secret({ clusters: [] }), deleteUnreachable: "false" });
  expect(config).toMatchObject({ enableSecretMutable: true, enableConfigMapMutable: false, kubeconfig: '{"clusters":[]}', deleteUnreachable: false });
});

test("values that aren't known yet are no problem", () => {
  expect(providerConfigFailures({ kubeconfig: UNKNOWN, clusterIdentifier: UNKNOWN })).toEqual([]);
});

test("what this provider can't do is refused by name, not ignored", () => {
  const failures = providerConfigFailures({ renderYamlToDirectory: "out", enableServerSideApply: "false", nonsense: "1" });
  expect(failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n")).toMatch(/renderYamlToDirectory: .*official/);
  expect(failures).toHaveLength(2);
  expect(providerConfigFailures({ enableServerSideApply: "false" })[0]!.property).toBe("enableServerSideApply");
});
