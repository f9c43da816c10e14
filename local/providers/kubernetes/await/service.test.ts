import { describe, expect, test } from "vitest";
import { serviceVerdict } from "./service.ts";

const service = (spec: any, status: any = {}) => ({ kind: "Service", spec: { selector: { app: "a" }, ...spec }, status });
const slice = (...ready: boolean[]) => ({ endpoints: ready.map((value) => ({ conditions: { ready: value } })) });
const state = (spec: any, slices: any[], waited = 0, status = {}) => serviceVerdict(service(spec, status), slices, waited).state;

test("a Service is ready with a ready endpoint, and not while one of them is unready", () => {
  expect(state({}, [slice(true)])).toBe("ready");
  expect(state({}, [slice(true), slice(false)])).toBe("waiting");
});

test("one without endpoints is given ten seconds", () => {
  expect(state({}, [], 9)).toBe("waiting");
  expect(state({}, [], 10)).toBe("ready");
});

describe("no endpoints are needed", () => {
  test.each([
    ["headless", { clusterIP: "None" }],
    ["an external name", { type: "ExternalName", externalName: "a.b" }],
    ["no selector", { selector: {} }],
  ])("%s", (_, spec) => {
    expect(state(spec, [])).toBe("ready");
  });
});

test("a load balancer needs its address", () => {
  expect(state({ type: "LoadBalancer" }, [slice(true)])).toBe("waiting");
  expect(state({ type: "LoadBalancer" }, [slice(true)], 0, { loadBalancer: { ingress: [{ ip: "1.2.3.4" }] } })).toBe("ready");
});
