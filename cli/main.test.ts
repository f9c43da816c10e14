import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";

/** Everything that a file imports before it runs, by way of its own imports too: files of the project and names of packages. */
function importedBy(file: string, seen = new Set<string>()): Set<string> {
  const imports = readFileSync(file, "utf8").matchAll(/^(?:import|export) (?!type )(?:[^;"]*? from )?"([^"]+)"/gm);
  for (const [, name] of imports) {
    const path = name!.startsWith(".") ? resolve(dirname(file), name!) : name!;
    if (seen.has(path)) continue;
    seen.add(path);
    if (path !== name) importedBy(path, seen);
  }
  return seen;
}

test("the help and a refused option load the parser alone, and no verb's program", () => {
  const imported = importedBy(join(import.meta.dirname, "main.ts"));
  expect([...imported].filter((name) => !name.startsWith("/") && !name.startsWith("node:"))).toEqual(["citty"]);
  expect([...imported].map((path) => path.slice(import.meta.dirname.length))).toContain("/verbs.ts");
});
