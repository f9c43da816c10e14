import { expect, test } from "vitest";
import { environmentHash, type LockFile, mergeLocks } from "./locks.ts";

const lock = (path: string, ...lines: string[]): LockFile => ({ path, text: lines.join("\n") });

test("pins of all files come together, in the order of their names, under the names that pip compares by", () => {
  const merged = mergeLocks([lock("a.txt", "# why", "Zeta_Pkg==1.0", "", "alpha==2.0+cpu # a reason"), lock("b.txt", "beta.x==3")]);
  expect([...merged]).toEqual([["alpha", "2.0+cpu"], ["beta-x", "3"], ["zeta-pkg", "1.0"]]);
});

test("two files may name a package when they agree", () => {
  expect(mergeLocks([lock("a.txt", "one==1"), lock("b.txt", "One==1")]).get("one")).toBe("1");
});

test("every line that is no exact pin and every disagreement is reported, with its place", () => {
  const files = [lock("a.txt", "one==1", "two>=2"), lock("b.txt", "", "one==1.1", "-r other.txt")];
  expect(() => mergeLocks(files)).toThrow(
    /a\.txt:2: "two>=2" is not an exact pin[^]*b\.txt:2: one==1\.1, but a\.txt:1 has 1; make them equal[^]*b\.txt:3: "-r other\.txt"/,
  );
});

test("the hash changes with a pin, the interpreter and the finishing programs, not with the lock files' order", () => {
  const pins = mergeLocks([lock("a", "one==1"), lock("b", "two==2")]);
  const hash = environmentHash(pins, "3.11.7", ["program"]);
  expect(hash).toMatch(/^[0-9a-f]{12}$/);
  expect(environmentHash(mergeLocks([lock("b", "two==2"), lock("a", "one==1")]), "3.11.7", ["program"])).toBe(hash);
  expect(environmentHash(mergeLocks([lock("a", "one==1"), lock("b", "two==3")]), "3.11.7", ["program"])).not.toBe(hash);
  expect(environmentHash(pins, "3.11.8", ["program"])).not.toBe(hash);
  expect(environmentHash(pins, "3.11.7", ["program 2"])).not.toBe(hash);
});
