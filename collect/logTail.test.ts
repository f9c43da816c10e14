import { expect, test } from "vitest";
import { LogTail } from "./logTail.ts";

const line = (time: string, text: string) => `2026-01-01T00:00:${time}Z ${text}`;

test("a line is given once, however often the API repeats its second", () => {
  const tail = new LogTail();
  expect(tail.take([line("01.1", "a"), line("01.25", "b"), ""].join("\n") + "\n")).toEqual(["a", "b"]);
  expect(tail.take([line("01.1", "a"), line("01.25", "b"), line("01.3", "c"), line("02", "d")].join("\n") + "\n")).toEqual(["c", "d"]);
  expect(tail.take([line("02", "d"), line("02.5", "e")].join("\n") + "\n")).toEqual(["e"]);
});

test("equal texts at different times are different lines", () => {
  const tail = new LogTail();
  expect(tail.take([line("01.1", "same"), line("01.2", "same")].join("\n") + "\n")).toEqual(["same", "same"]);
});

test("an empty answer gives nothing and loses no place", () => {
  const tail = new LogTail();
  tail.take(`${line("05.1", "a")}\n`);
  expect(tail.take("")).toEqual([]);
  expect(tail.take([line("04.9", "old"), line("05.1", "a"), line("05.2", "b")].join("\n") + "\n")).toEqual(["b"]);
});

test("a line that the node has written half of is given when it is whole", () => {
  const tail = new LogTail();
  expect(tail.take(`${line("01.1", "a")}\n${line("01.2", '{"v":1,"half')}`)).toEqual(["a"]);
  expect(tail.take(`${line("01.1", "a")}\n${line("01.2", '{"v":1,"half":2}')}\n`)).toEqual(['{"v":1,"half":2}']);
});

test("the end of a long line, whose beginning is older than what was asked for, is no line", () => {
  const tail = new LogTail();
  tail.take(`${line("02.1", "a")}\n`);
  expect(tail.take(`move_left"]]} and so on\n${line("02.1", "a")}\n${line("02.3", "b")}\n`)).toEqual(["b"]);
  expect(tail.take(`${line("02.3", "b")}\n${line("02.4", "c")}\n`)).toEqual(["c"]);
});
