import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type FakeAnswer, FakeServer } from "../test/fakeServer.ts";
import { HttpClient, HttpError, NoAnswerError } from "./http.ts";

let answer: () => Promise<FakeAnswer>;
let server: FakeServer;
let client: HttpClient;
const { signal } = new AbortController();

beforeEach(async () => {
  server = new FakeServer(() => answer());
  await server.start();
  client = new HttpClient("the service", server.url, { "x-api-key": "hidden-value" });
});
afterEach(async () => {
  client.close();
  await server.stop();
});
const call = (options: { timeoutSeconds?: number; signal?: AbortSignal } = {}) =>
  client.call("POST", "/path", { body: { text: "a\u2028ä🎉" }, timeoutSeconds: 5, signal, ...options });

test("an answer's text comes back", async () => {
  answer = async () => ({ status: 200, body: { ok: "ä🎉" } });
  expect(JSON.parse(await call())).toEqual({ ok: "ä🎉" });
});

test("a bad status is an error that names service, request and body, and no header", async () => {
  answer = async () => ({ status: 500, body: { detail: "policy_step_failed: x" } });
  const error = await call().catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(HttpError);
  expect((error as HttpError).message).toBe(
    'the service answered 500 to POST /path: {"detail":"policy_step_failed: x"}',
  );
});

test.each<[string, () => Promise<FakeAnswer>, string]>([
  ["hangs up", async () => "hang up", "socket hang up"],
  ["is silent", () => sleep(2000, { status: 200 }), "nothing within 0.2 s"],
])("a service that %s did not answer", async (_what, behaviour, why) => {
  answer = behaviour;
  const error = await call({ timeoutSeconds: 0.2 }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(NoAnswerError);
  expect((error as Error).message).toContain(why);
});

test("a service that is gone did not answer", async () => {
  await server.stop();
  await expect(call()).rejects.toThrow(/did not answer POST \/path: .*ECONNREFUSED/);
  await server.start();
});

test("an abort comes through as the signal's own reason", async () => {
  answer = () => sleep(2000, { status: 200 });
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error("told to stop")), 50);
  await expect(call({ signal: stop.signal })).rejects.toThrow("told to stop");
});
