import { expect, test } from "vitest";
import { percentile } from "./percentile.ts";
import { escapeHtml, markdownTable, terminalTable } from "./text.ts";

const table = { header: ["run", "n"], rows: [["a|b", "1"], ["longer", "22"]] };

test("terminal columns are as wide as their widest cell", () => {
  expect(terminalTable(table)).toBe(["run     n", "──────  ──", "a|b     1", "longer  22"].join("\n"));
});

test("a pipe in a cell does not split a Markdown column", () => {
  expect(markdownTable(table).split("\n")[2]).toBe("| a\\|b | 1 |");
});

test("HTML special characters cannot leave their cell", () => {
  expect(escapeHtml(`<a href="x">&'`)).toBe("&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
});

test("percentiles interpolate between order statistics and refuse an empty sample", () => {
  expect(percentile([4, 1, 3, 2], 0.5)).toBe(2.5);
  expect(percentile([1, 2, 3, 4, 5], 0.95)).toBeCloseTo(4.8);
  expect(() => percentile([], 0.5)).toThrow(RangeError);
});
