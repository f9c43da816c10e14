import { expect, test } from "vitest";
import { identify } from "../daemon/process.ts";
import { CommandError, runCommand } from "./command.ts";

test("output comes back, lines of standard error come as they are written", async () => {
  const lines: string[] = [];
  const options = { onErrorLine: (line: string) => void lines.push(line) };
  expect(await runCommand("sh", ["-c", "echo out; echo one >&2; echo two >&2"], options)).toBe("out\n");
  expect(lines).toEqual(["one", "two"]);
});

test("a failing program's error quotes its status and its last lines", async () => {
  const error = await runCommand("sh", ["-c", "echo 'no such package' >&2; exit 3"]).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CommandError);
  expect(String(error)).toMatch(/^CommandError: sh ended with status 3\n {2}no such package/);
});

test.each([
  ["", 60],
  ["trap '' TERM;", 0.2],
])("an abort ends a program's children too (%j, within %d s of grace)", async (trap, graceSeconds) => {
  const controller = new AbortController();
  let child = 0;
  const onErrorLine = (line: string): void => {
    child = Number(line);
    controller.abort(new Error("interrupted"));
  };
  const script = `${trap} sleep 60 & echo $! >&2; wait; sleep 60`;
  const running = runCommand("sh", ["-c", script], { signal: controller.signal, onErrorLine, graceSeconds });
  await expect(running).rejects.toThrow("interrupted");
  expect(child).toBeGreaterThan(1);
  expect(identify(child)).toBeUndefined();
});

test("nothing is started under a signal that is aborted already", async () => {
  await expect(runCommand("true", [], { signal: AbortSignal.abort(new Error("too late")) })).rejects.toThrow("too late");
});
