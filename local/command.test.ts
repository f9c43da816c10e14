import { expect, test } from "vitest";
import { CommandError, run } from "./command.ts";

test("the standard output comes back, the input is given, lines are reported", async () => {
  const lines: string[] = [];
  expect(await run("cat", [], { input: "a\nb\n", onLine: (line) => lines.push(line) })).toBe("a\nb\n");
  expect(lines).toEqual(["a", "b"]);
});

test("a failure is an error with the command line, the status and the end of the output", async () => {
  const failure = run("ls", ["/no/such/folder"]);
  await expect(failure).rejects.toThrow(CommandError);
  await expect(failure).rejects.toThrow(/ls \/no\/such\/folder ended with status 2:[^]*No such file/);
});

test("a program that isn't there is an error that names it", async () => {
  await expect(run("/no/such/program", [])).rejects.toThrow("/no/such/program");
});

test("an abort ends the program, and its reason is what is thrown", async () => {
  const abort = new AbortController();
  const sleeping = run("sleep", ["60"], { signal: abort.signal });
  abort.abort(new Error("interrupted"));
  await expect(sleeping).rejects.toThrow("interrupted");
});
