import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { programOutput } from "./programOutput.ts";

const signal = new AbortController().signal;

test("what the program writes comes through whole, its words line by line beside it", async () => {
  const lines: string[] = [];
  const script = "echo first >&2; head -c 3000000 /dev/zero; echo $ADDED >&2";
  const output = await buffer(programOutput("sh", ["-c", script], { signal, env: { ADDED: "second" }, onLine: (line) => void lines.push(line) }));
  expect(output.length).toBe(3_000_000);
  expect(lines).toEqual(["first", "second"]);
});

test("a program that fails after half of its output fails the stream, with its last words", async () => {
  const output = programOutput("sh", ["-c", "echo half; echo no room >&2; exit 3"], { signal });
  await expect(buffer(output)).rejects.toThrow(/sh ended with status 3:\nno room/);
});

test("a program that isn't there fails the stream", async () => {
  await expect(buffer(programOutput("/no/such/program", [], { signal }))).rejects.toThrow(/ENOENT/);
});

test("an abort ends the program", async () => {
  const controller = new AbortController();
  const output = programOutput("sh", ["-c", "echo begun; exec sleep 60"], { signal: controller.signal });
  output.once("data", () => controller.abort());
  await expect(buffer(output)).rejects.toThrow(/abort/i);
});
