import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LocalContext } from "../context.ts";
import { type DaemonDirs, MARKER, listDaemons, startDaemon, stopDaemon } from "./daemon.ts";
import { SYSTEM_PATH, lastingEnvironment } from "./environment.ts";
import { readRecord, writeRecord } from "./pidFile.ts";
import { identify, isRunning, parseStat } from "./process.ts";

let dirs: DaemonDirs;
const ctx: LocalContext = { progress: () => undefined, signal: new AbortController().signal };
const script = (code: string) => ({
  name: "child",
  command: process.execPath,
  args: ["-e", code],
  ready: () => Promise.resolve(true),
  readyWithinSeconds: 5,
});
const FOREVER = "setInterval(() => {}, 1000)";

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), "daemon-"));
  dirs = { pidDir: join(folder, "pids"), logDir: join(folder, "logs") };
});

afterEach(async () => {
  await stopDaemon("child", dirs, { graceSeconds: 1 });
  rmSync(join(dirs.pidDir, ".."), { recursive: true });
});

test("a daemon leads a session of its own and is gone after stop", async () => {
  const started = await startDaemon(script(FOREVER), dirs, ctx);
  const fields = readFileSync(`/proc/${started.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  expect(Number(fields[3])).toBe(started.pid);
  expect(listDaemons(dirs)).toMatchObject([{ name: "child", running: true }]);
  await stopDaemon("child", dirs, { graceSeconds: 5 });
  expect(identify(started.pid)).toBeUndefined();
  expect(listDaemons(dirs)).toEqual([]);
});

test("a lasting program gets no variable that may hold a key", async () => {
  const environment = { PATH: "/mine", HTTPS_PROXY: "http://192.0.2.1", SYNTH_API_KEY: "secret", LC_ALL: "C" };
  expect(lastingEnvironment(environment)).toEqual({
    PATH: `/mine:${SYSTEM_PATH}`,
    HTTPS_PROXY: "http://192.0.2.1",
    LC_ALL: "C",
  });
  const started = await startDaemon({ ...script(FOREVER), env: { OWN: "1" } }, dirs, ctx);
  const names = readFileSync(`/proc/${started.pid}/environ`, "utf8").split("\0").map((entry) => entry.split("=")[0]);
  expect(names).toEqual(expect.arrayContaining(["PATH", "OWN", MARKER]));
  expect(names).not.toContain("VITEST");
});

test("a second start with the same command keeps the process, with another replaces it", async () => {
  const first = await startDaemon(script(FOREVER), dirs, ctx);
  expect((await startDaemon(script(FOREVER), dirs, ctx)).pid).toBe(first.pid);
  const other = await startDaemon(script(`${FOREVER};1`), dirs, ctx);
  expect(other.pid).not.toBe(first.pid);
  expect(identify(first.pid)).toBeUndefined();
});

test("an early exit is an error with the end of the log", async () => {
  const spec = { ...script(`console.error("port 1 is taken"); process.exit(3)`), ready: () => Promise.resolve(false) };
  await expect(startDaemon(spec, dirs, ctx)).rejects.toThrow(/child ended before it was ready[^]*port 1 is taken/);
  expect(listDaemons(dirs)).toEqual([]);
});

test("one that isn't ready in time is ended, and the error says what was missing", async () => {
  const spec = { ...script(FOREVER), ready: () => Promise.resolve("no socket yet"), readyWithinSeconds: 0.3 };
  await expect(startDaemon(spec, dirs, ctx)).rejects.toThrow(/wasn't ready after 0.3 s \(no socket yet\)/);
  expect(listDaemons(dirs)).toEqual([]);
});

test("a program that isn't there is an error that names it", async () => {
  const spec = { ...script(""), command: "/no/such/program" };
  await expect(startDaemon(spec, dirs, ctx)).rejects.toThrow(/child: \/no\/such\/program can't be started/);
});

test("one that ignores SIGTERM is killed after the grace", async () => {
  const ready = join(dirs.logDir, "child.log");
  const spec = {
    ...script(`process.on("SIGTERM", () => {}); console.log("deaf"); ${FOREVER}`),
    ready: () => Promise.resolve(readFileSync(ready, "utf8").includes("deaf")),
  };
  const started = await startDaemon(spec, dirs, ctx);
  await stopDaemon("child", dirs, { graceSeconds: 0.2 });
  expect(identify(started.pid)).toBeUndefined();
});

test("a record whose pid now belongs to another process never ends that one", async () => {
  await startDaemon(script(FOREVER), dirs, ctx);
  const record = readRecord(dirs.pidDir, "child")!;
  writeRecord(dirs.pidDir, { ...record, startTicks: "1" });
  expect(listDaemons(dirs)).toMatchObject([{ running: false }]);
  await stopDaemon("child", dirs, { graceSeconds: 1 });
  expect(isRunning(record)).toBe(true);
  writeRecord(dirs.pidDir, record);
});

test("an abort ends the wait and leaves a record of what runs", async () => {
  const abort = new AbortController();
  const spec = { ...script(FOREVER), ready: () => Promise.resolve(false) };
  const start = startDaemon(spec, dirs, { ...ctx, signal: abort.signal });
  setTimeout(() => abort.abort(new Error("interrupted")), 100);
  await expect(start).rejects.toThrow("interrupted");
  expect(listDaemons(dirs)).toMatchObject([{ name: "child", running: true }]);
});

test("a command name with parentheses and spaces doesn't confuse the stat fields", () => {
  const rest = ["S", ...Array.from({ length: 18 }, (_, index) => String(index)), "4711", "0"].join(" ");
  expect(parseStat(`12 (a) b (c) ${rest}`)).toEqual({ state: "S", startTicks: "4711" });
});
