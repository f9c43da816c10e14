import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { keepNoEngineLog } from "./engineLog.ts";

test("where the engine would make the folder of its log there is a file, also where an earlier run has left the folder", () => {
  const home = mkdtempSync(join(tmpdir(), "rewardlab-home-"));
  try {
    for (const earlier of [false, true, false]) {
      if (earlier) {
        rmSync(join(home, "logs"));
        mkdirSync(join(home, "logs"));
        writeFileSync(join(home, "logs", "pulumi-1.log"), "debug");
      }
      keepNoEngineLog(home);
      expect(readFileSync(join(home, "logs"), "utf8")).toContain("engineLog.ts says why");
      expect(() => mkdirSync(join(home, "logs"), { recursive: true })).toThrow();
    }
  } finally {
    rmSync(home, { recursive: true });
  }
});
