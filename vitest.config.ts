import { defineConfig } from "vitest/config";

const shared = {
  isolate: false, exclude: ["**/node_modules/**", "**/*.cluster.test.ts", "**/*.faults.test.ts"], testTimeout: 30_000,
  // What becomes so within a second on a quiet machine may take longer on a busy one.
  expect: { poll: { timeout: 20_000 } },
};

/**
 * Every test that needs no cluster: unit tests beside their files, component and program tests in test/. The files of a
 * worker share one module graph: loading Pulumi's SDK and the clients anew for each file takes longer than the tests.
 */
export default defineConfig({
  test: {
    // One beside the Python tests is not enough: much of the time is spent in waiting for servers and programs.
    maxWorkers: 2,
    // What a file is transformed to is kept beside node_modules until the file changes.
    experimental: { fsModuleCache: true },
    projects: [
      { test: { ...shared, name: "program", include: ["{components,policy,test}/**/*.test.ts"] } },
      { test: { ...shared, name: "rooms", include: ["{images,local,collect,cli,report}/**/*.test.ts"] } },
    ],
  },
});
