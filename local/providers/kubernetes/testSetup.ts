import type { AppsV1Api, CoreV1Api } from "@kubernetes/client-node";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { Harness } from "./testHarness.ts";

/** What a file of tests has once it has called useHarness: set before its tests, `namespace` before each one. */
export let harness: Harness;
export let core: CoreV1Api;
export let apps: AppsV1Api;
export let namespace: string;

export const create: Harness["create"] = (...args) => harness.create(...args);
export const update: Harness["update"] = (...args) => harness.update(...args);
export const remove: Harness["remove"] = (...args) => harness.remove(...args);
export const refresh: Harness["refresh"] = (...args) => harness.refresh(...args);
export const configure: Harness["configure"] = (...args) => harness.configure(...args);
export const setPodStatus: Harness["setPodStatus"] = (...args) => harness.setPodStatus(...args);

/** One control plane for the file's tests, a namespace and a provider of its own for each. */
export function useHarness(): void {
  beforeAll(async () => {
    harness = await Harness.start();
    ({ core, apps } = harness);
  });
  afterAll(() => harness.plane.stop());
  beforeEach(async () => {
    await harness.fresh();
    ({ namespace } = harness);
  });
}
