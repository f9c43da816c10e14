import { afterEach, beforeEach, expect, test } from "vitest";
import { ConfigError } from "../failure.ts";
import { HttpError, NoAnswerError } from "../http.ts";
import { type Bucket, contentOf } from "./bucket.ts";
import { readSeal } from "./layout.ts";
import { Uploads } from "./uploads.ts";

let put: string[];
let fault: (key: string) => Error | Promise<void>;
let failures: string[];
const bucket: Bucket = {
  name: "a bucket for the test",
  async put(key, _content, signal) {
    const found = fault(key);
    if (found instanceof Error) throw found;
    await Promise.race([found, new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)))]);
    put.push(key);
  },
  async remove() {},
  close() {},
};
const upload = (name: string, held = 0) => ({ name, held, files: async () => [{ path: `f/${name}`, content: contentOf(name) }] });
const uploadsOf = (mostHeld?: number) => new Uploads(bucket, { runKey: "run-1", retries: 0, mostHeld, onFailure: (name) => failures.push(name) });
const away = () => new NoAnswerError("it", "PUT", "/", "refused");

beforeEach(() => { [put, fault, failures] = [[], () => Promise.resolve(), []]; });
afterEach(() => { fault = () => Promise.resolve(); });

test("files go up in order, each upload's seal after its files", async () => {
  const uploads = uploadsOf();
  for (const name of ["a", "b"]) uploads.add(upload(name));
  expect(await uploads.end(5)).toEqual([]);
  expect(put).toEqual(["run-1/f/a", "run-1/seals/a.sha256", "run-1/f/b", "run-1/seals/b.sha256"]);
});

test("one that fails is told once and tried again behind the others, which it does not keep back", async () => {
  const uploads = uploadsOf();
  fault = (key) => (key.endsWith("/a") && failures.length < 1 ? away() : Promise.resolve());
  for (const name of ["a", "b"]) uploads.add(upload(name));
  expect(await uploads.end(5)).toEqual([]);
  expect([put.filter((key) => key.includes("/f/")), failures]).toEqual([["run-1/f/b", "run-1/f/a"], ["a"]]);
});

test("the end waits no longer than it may, and names what is not kept", async () => {
  const uploads = uploadsOf();
  fault = (key) => (key.endsWith("/b") ? new Promise(() => {}) : Promise.resolve());
  for (const name of ["a", "b", "c"]) uploads.add(upload(name));
  const begin = Date.now();
  expect(await uploads.end(1)).toEqual(["b", "c"]);
  expect(Date.now() - begin).toBeLessThan(2700);
});

test("the end does not wait for what is refused for good", async () => {
  const uploads = uploadsOf();
  fault = (key) => (key.endsWith("/a") ? new HttpError("it", "PUT", "/", 507, "full") : key.endsWith("/b") ? new ConfigError("refused", "mend it") : Promise.resolve());
  for (const name of ["a", "b", "c"]) uploads.add(upload(name));
  const begin = Date.now();
  expect((await uploads.end(60)).sort()).toEqual(["a", "b"]);
  expect(Date.now() - begin).toBeLessThan(10_000);
  expect(put).toContain("run-1/f/c");
});

test("while the bucket is away, memory is bounded: the oldest are given up and named, what holds none is not", async () => {
  const uploads = uploadsOf(100);
  fault = away;
  uploads.add(upload("adapter"));
  for (const name of ["a", "b", "c"]) uploads.add(upload(name, 60));
  await expect.poll(() => failures.length).toBeGreaterThan(0);
  fault = () => Promise.resolve();
  expect(await uploads.end(5)).toEqual(["a", "b"]);
  expect(put.filter((key) => key.includes("/f/")).sort()).toEqual(["run-1/f/adapter", "run-1/f/c"]);
});

test("an upload takes the place of the one of its name that waits", async () => {
  const uploads = uploadsOf();
  fault = () => (put.length === 0 && failures.length === 0 ? away() : Promise.resolve());
  uploads.add(upload("checkpoint"));
  await expect.poll(() => failures).toEqual(["checkpoint"]);
  uploads.add({ ...upload("checkpoint"), files: async () => [{ path: "f/newer", content: contentOf("newer") }] });
  await uploads.end(5);
  expect(put).toEqual(["run-1/f/newer", "run-1/seals/checkpoint.sha256"]);
});

test("a line that is no seal's is an error", () => {
  expect(readSeal(`${"a".repeat(64)}  log/1.txt\n`)).toEqual([{ sha256: "a".repeat(64), path: "log/1.txt" }]);
  expect(() => readSeal("half a li")).toThrow("is no line of a seal");
});
