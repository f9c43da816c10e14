import { expect, test } from "vitest";
import { engineConfig } from "./dockerEngine.ts";

test("an old engine is told where to put its key, a newer one would refuse the setting", () => {
  expect(engineConfig("Docker version 20.10.24+dfsg1, build 5d6db84", "/state/key.json")).toEqual({ "deprecated-key-path": "/state/key.json" });
  expect(engineConfig("Docker version 28.1.0, build abc", "/state/key.json")).toEqual({});
});
