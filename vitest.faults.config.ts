import { defineConfig } from "vitest/config";

/** The fault matrix: one embedded cluster for all of its cells, about ten minutes. */
export default defineConfig({
  test: {
    include: ["test/faults/*.faults.test.ts"],
    exclude: ["**/node_modules/**"],
  },
});
