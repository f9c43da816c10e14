import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withLock } from "./lock.ts";

const lockModule = new URL("./lock.ts", import.meta.url).href;
const quiet = (): void => {};
let dir: string;
let file: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "rewardlab-lock-"));
  file = join(dir, "sub", ".lock");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Another process that holds the lock until it's killed. */
async function otherHolder(): Promise<{ pid: number; kill: () => void }> {
  const program = `
    const { withLock } = await import(${JSON.stringify(lockModule)});
    await withLock(${JSON.stringify(file)}, () => {}, undefined, () => {
      console.log("mine");
      return new Promise((resolve) => setTimeout(resolve, 60_000));
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return { pid: child.pid!, kill: () => void child.kill("SIGKILL") };
}

test("work under one lock never overlaps, and the lock comes free when the work throws", async () => {
  const log: string[] = [];
  const work = (name: string) => async (): Promise<void> => {
    log.push(`${name} in`);
    await sleep(50);
    log.push(`${name} out`);
    throw new Error(name);
  };
  const both = [withLock(file, quiet, undefined, work("a")), withLock(file, quiet, undefined, work("b"))];
  await Promise.allSettled(both);
  expect(log.map((line) => line.split(" ")[1])).toEqual(["in", "out", "in", "out"]);
  expect(await withLock(file, quiet, undefined, async () => "free")).toBe("free");
});

test("one who waits says for whom, and goes on when the holder is killed without a chance to clean up", async () => {
  const holder = await otherHolder();
  const said: string[] = [];
  const waiting = withLock(
    file,
    (message) => {
      said.push(message);
      holder.kill();
    },
    undefined,
    async () => "mine now",
  );
  expect(await waiting).toBe("mine now");
  expect(said[0]).toContain(`pid ${holder.pid}`);
});

test("an abort ends the wait with the signal's reason", async () => {
  const holder = await otherHolder();
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("interrupted")), 100);
  const waiting = withLock(file, quiet, controller.signal, async () => "never");
  await expect(waiting).rejects.toThrow("interrupted");
  holder.kill();
});
