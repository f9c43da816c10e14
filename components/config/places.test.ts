import { describe, expect, it } from "vitest";
import { placeOf, placesOf } from "./places.ts";

const TEXT = `top = 1
# [comment]
[a.b]
  c = 2
d.e = { f = 1, "g" = 2 }
text = """
not_a_key = 1
"""
after = [
  1,
]
[["list"]]
x = 1
`;

describe("places of keys", () => {
  const places = placesOf(TEXT);

  it.each([["top", 1, 1], ["a.b", 3, 1], ["a.b.c", 4, 3], ["a.b.d.e", 5, 1], ["a.b.d.e.f", 5, 9], ["a.b.d.e.g", 5, 16], ["a.b.after", 9, 1], ["list.x", 13, 1]])(
    "finds %s at line %i, column %i", (path, line, column) => {
      expect(places.get(path)).toEqual({ line, column });
    });

  it("takes nothing inside a multi-line string for a key", () => {
    expect([...places.keys()].some((path) => path.includes("not_a_key"))).toBe(false);
  });

  it("gives a key without a place that of the innermost table around it", () => {
    expect(placeOf(places, ["a", "b", "missing", 0])).toEqual({ line: 3, column: 1 });
    expect(placeOf(places, ["nowhere"])).toBeUndefined();
  });
});
