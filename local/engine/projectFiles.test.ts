import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withSalt, writeProjectFiles } from "./projectFiles.ts";

let folder: string;
const files = (more = {}) => ({ workDir: join(folder, "work"), rootDir: join(folder, "root"), projectName: "p", stackName: "s", ...more });
const read = (name: string) => readFileSync(join(folder, "work", name), "utf8");

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rewardlab-project-"));
  mkdirSync(join(folder, "root", "images"), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

test("the engine gets a copy of the user's settings, and the salt that it adds is kept at the next run", () => {
  const stackConfigFile = join(folder, "root", "Pulumi.s.yaml");
  writeFileSync(stackConfigFile, "config:\n  p:a: 1\n");
  writeProjectFiles(files({ stackConfigFile }));
  writeFileSync(join(folder, "work", "Pulumi.s.yaml"), "encryptionsalt: v1:abc=\nconfig:\n  p:a: 1\n");
  writeFileSync(stackConfigFile, "config:\n  p:a: 2\n");
  writeProjectFiles(files({ stackConfigFile }));
  expect(read("Pulumi.s.yaml")).toBe("encryptionsalt: v1:abc=\nconfig:\n  p:a: 2\n");
  expect(readFileSync(stackConfigFile, "utf8")).toBe("config:\n  p:a: 2\n");
});

test("keys that a stack file has for a state elsewhere are left out, with or without a salt of this one", () => {
  const file = "secretsprovider: passphrase\nencryptionsalt: v1:own\nencryptedkey: abc\nconfig:\n  p:encryptionsalt: kept\n";
  expect(withSalt(file, "v1:other")).toBe("encryptionsalt: v1:other\nconfig:\n  p:encryptionsalt: kept\n");
  expect(withSalt(file, undefined)).toBe("config:\n  p:encryptionsalt: kept\n");
});

test("a project without a file gets a bare one, and the project's folders can be reached from the engine's", () => {
  writeProjectFiles(files());
  expect(read("Pulumi.yaml")).toBe("name: p\nruntime: nodejs\n");
  expect(existsSync(join(folder, "work", "images"))).toBe(true);
  rmSync(join(folder, "root", "images"), { recursive: true });
  writeProjectFiles(files());
  expect(existsSync(join(folder, "work", "images"))).toBe(false);
});
