import { defineConfig } from "vitest/config";

/** Tests that need the embedded cluster; they share one node, so they run one after the other. */
export default defineConfig({
  test: {
    include: ["{components,local,cli,test}/**/*.cluster.test.ts"],
    exclude: ["**/node_modules/**"],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // What becomes so within a second on a quiet machine may take longer on a busy one.
    expect: { poll: { timeout: 20_000 } },
    fileParallelism: false,
  },
});
