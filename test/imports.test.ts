import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

/** The rules of the house that a reader relies on: who may import whom, and who reads what. */
const root = join(import.meta.dirname, "..");
const sources = ["index.ts", ...readdirSync(join(root, "components"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts")).map((name) => join("components", name))];
const textOf = (file: string) => readFileSync(join(root, file), "utf8");
const importsOf = (file: string) => [...textOf(file).matchAll(/^(?:import|export) (?!type )[^;]*? from "(\.[^"]+)"/gm)]
  .map(([, path]) => relative(root, resolve(root, dirname(file), path!)));

const DOORS = ["components/settings.ts", "components/envFile.ts", "components/rewardConfig.ts"];
const isComponent = (file: string) => /extends pulumi\.ComponentResource/.test(textOf(file));
const components = sources.filter(isComponent);

describe("the rooms", () => {
  it("are imported one way: components know no command line, no local cluster, no report and no index", () => {
    for (const file of sources) for (const imported of importsOf(file)) {
      expect(imported, file).toMatch(file === "index.ts" ? /^components\// : /^(components\/|images\/runner\/src\/run(Spec|Budget)\.ts)/);
    }
  });

  it("have components that take arguments: no door and no other component", () => {
    expect(components.length).toBeGreaterThanOrEqual(9);
    for (const file of components) for (const imported of importsOf(file)) {
      expect(DOORS, file).not.toContain(imported);
      expect(components, file).not.toContain(imported);
    }
  });

  it("read files, configuration and environment at the doors alone", () => {
    const reads = /from "node:fs|process\.env|pulumi\.Config\(|runtime\.allConfig/;
    expect(sources.filter((file) => reads.test(textOf(file)) && !DOORS.includes(file))).toEqual(["components/schema/write.ts"]);
  });

  it("hold one noun a file: none over 250 lines, half of them under 110", () => {
    const lengths = sources.map((file) => textOf(file).split("\n").length).sort((a, b) => a - b);
    expect(lengths.at(-1)).toBeLessThanOrEqual(250);
    expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThan(110);
  });
});
