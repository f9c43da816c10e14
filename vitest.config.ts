import { defineConfig } from "vitest/config";

/** Every test that needs no cluster: unit tests beside their files, component and program tests in test/. */
export default defineConfig({
  test: {
    include: ["{components,images,local,collect,cli,report,test}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/*.cluster.test.ts"],
    testTimeout: 30_000,
  },
});
