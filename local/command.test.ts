import { expect, test, vi } from "vitest";
import { CommandError, run } from "./command.ts";
import { identify } from "./daemon/process.ts";

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

test.each([
  ["", 60],
  ["trap '' TERM;", 0.2],
])("an abort ends the children of a program with a group of its own too (%j, within %d s of grace)", async (trap, graceSeconds) => {
  const controller = new AbortController();
  let child = 0;
  const onLine = (line: string): void => {
    child = Number(line);
    controller.abort(new Error("interrupted"));
  };
  const script = `${trap} sleep 60 & echo $! >&2; wait; sleep 60`;
  await expect(run("sh", ["-c", script], { group: true, signal: controller.signal, onLine, graceSeconds })).rejects.toThrow("interrupted");
  expect(child).toBeGreaterThan(1);
  // The kernel closes a dying program's output a moment before it calls the program ended.
  await vi.waitFor(() => expect(identify(child)).toBeUndefined(), 5000);
});

test("nothing is started under a signal that is aborted already", async () => {
  await expect(run("true", [], { signal: AbortSignal.abort(new Error("too late")) })).rejects.toThrow("too late");
});

test("a program that was killed is said to have been", async () => {
  await expect(run("sh", ["-c", "kill -KILL $$"])).rejects.toThrow(/ended with SIGKILL$/);
});
