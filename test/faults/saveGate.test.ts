import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { SaveGate } from "./saveGate.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "save-gate-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** The file operations of a trainer that saves a-v2, in their order. */
const save = () => spawn("sh", ["-c", [
  "mkdir .tmp-a-v2", "echo weights > .tmp-a-v2/adapter_model.safetensors", "echo config > .tmp-a-v2/adapter_config.json",
  "printf 'the sums\\n' > .tmp-a-v2.sha256", "sync .tmp-a-v2.sha256", "mv .tmp-a-v2.sha256 a-v2.sha256", "mv .tmp-a-v2 a-v2",
].join(" && ")], { cwd: folder });

it("holds a save before anything has its final name, and lets it go on as if nothing had been", async () => {
  const gate = new SaveGate(folder, "a-v2");
  await gate.close();
  const saving = save();
  await gate.reached();
  await sleep(50);
  expect([saving.exitCode, gate.closed]).toEqual([null, true]);
  expect(existsSync(join(folder, "a-v2"))).toBe(false);
  const ended = once(saving, "close");
  await gate.open();
  expect(await ended).toEqual([0, null]);
  expect(gate.closed).toBe(false);
  expect(readdirSync(folder).sort()).toEqual(["a-v2", "a-v2.sha256"]);
  expect(readFileSync(join(folder, "a-v2.sha256"), "utf8")).toBe("the sums\n");
});

it("that is given up holds nobody, before it is reached and after", async () => {
  for (const reached of [true, false]) {
    const gate = new SaveGate(folder, "a-v2");
    await gate.close();
    const saving = reached ? save() : undefined;
    if (reached) await gate.reached();
    const ended = saving && once(saving, "close");
    await gate.giveUp();
    if (ended) expect(await ended).toEqual([0, null]);
    expect(gate.closed).toBe(false);
  }
});
