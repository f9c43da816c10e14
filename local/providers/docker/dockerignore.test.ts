import { expect, test } from "vitest";
import { parseDockerignore } from "./dockerignore.ts";

const ignored = (text: string, ...paths: string[]) => paths.filter(parseDockerignore(text));

test("a pattern is relative to the context, and a star doesn't cross a slash", () => {
  expect(ignored("*.log", "a.log", "b/a.log", "a.txt")).toEqual(["a.log"]);
  expect(ignored("**/*.log", "a.log", "b/c/a.log")).toEqual(["a.log", "b/c/a.log"]);
  expect(ignored("/x?", "x1", "x12")).toEqual(["x1"]);
});

test("an ignored folder takes all in it along", () => {
  expect(ignored("node_modules/\n.venv", "node_modules/a/b.js", ".venv/x", "src/node_modules.ts")).toEqual(["node_modules/a/b.js", ".venv/x"]);
});

test("the last match decides, so an exception takes a path back in", () => {
  expect(ignored("*\n!src\n!README.md", "src/a.ts", "README.md", "x/y")).toEqual(["x/y"]);
  expect(ignored("!a\na", "a")).toEqual(["a"]);
});

test("comments and empty lines are no patterns", () => {
  expect(ignored("# *\n\n", "a", "# *")).toEqual([]);
});
