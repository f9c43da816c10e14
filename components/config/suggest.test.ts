import { describe, expect, it } from "vitest";
import { editDistance, nearest } from "./suggest.ts";

describe("edit distance", () => {
  it.each([["", "abc", 3], ["kitten", "sitting", 3], ["ab", "ba", 1], ["same", "same", 0], ["batch_szie", "batch_size", 1]])(
    "from %s to %s is %i", (a, b, distance) => {
      expect(editDistance(a, b)).toBe(distance);
      expect(editDistance(b, a)).toBe(distance);
    });
});

describe("the nearest name", () => {
  it("is the closest one", () => expect(nearest("grop_size", ["batch_size", "group_size"])).toBe("group_size"));
  it("is none if all are far", () => expect(nearest("colour", ["batch_size", "seeds"])).toBeUndefined());
  it("does not mind the case", () => expect(nearest("Group_Size", ["group_size"])).toBe("group_size"));
});
