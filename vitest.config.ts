import { defineConfig } from "vitest/config";

const shared = { exclude: ["**/node_modules/**", "**/*.cluster.test.ts"], testTimeout: 30_000 };

/**
 * Every test that needs no cluster: unit tests beside their files, component and program tests in test/. Those that load
 * Pulumi's SDK share one module graph a worker: loading it anew for each file takes four times as long as the tests.
 */
export default defineConfig({
  test: {
    projects: [
      { test: { ...shared, name: "program", include: ["{components,policy,test}/**/*.test.ts"], isolate: false } },
      { test: { ...shared, name: "rooms", include: ["{images,local,collect,cli,report}/**/*.test.ts"] } },
    ],
  },
});
