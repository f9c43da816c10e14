import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Wire } from "./wire.ts";

let service: Server;
let wire: Wire;
let heard: string[];

beforeEach(async () => {
  heard = [];
  service = createServer((request, answer) => {
    heard.push(request.url!);
    if (request.url === "/dies") request.socket.destroy();
    else answer.writeHead(201, { "content-type": "application/json" }).end(`{"path":"${request.url}"}`);
  });
  service.listen(0, "127.0.0.1");
  await once(service, "listening");
  wire = new Wire(() => Promise.resolve(`http://127.0.0.1:${(service.address() as AddressInfo).port}`));
  await wire.start();
  wire.line("run");
});

afterEach(() => {
  wire.stop();
  service.close();
});

const ask = (path: string, body?: unknown) =>
  fetch(`${wire.endpoints("127.0.0.1", "run").vllm}${path}`, body === undefined ? {} : { method: "POST", body: JSON.stringify(body) });

it("passes requests and answers on, and keeps what was asked and how it was answered", async () => {
  const answer = await ask("/a", { step: 2 });
  expect([answer.status, await answer.json()]).toEqual([201, { path: "/a" }]);
  expect(wire.line("run").calls).toEqual([{ service: "vllm", method: "POST", path: "/a", body: { step: 2 }, status: 201 }]);
});

it("holds a question before the service hears of it, and an answer after it has", async () => {
  const question = wire.line("run").hold(({ path }) => path === "/q");
  const answer = wire.line("run").hold(({ path }) => path === "/a", "answer");
  const asked = [ask("/q"), ask("/a")];
  await Promise.all([question.reached, answer.reached]);
  await sleep(20);
  expect(heard).toEqual(["/a"]);
  await ask("/other");
  question.release();
  answer.release();
  expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([201, 201]);
  expect(heard).toEqual(["/a", "/other", "/q"]);
});

it("cuts the connection where the service cuts it, or is gone", async () => {
  await expect(ask("/dies")).rejects.toThrow("fetch failed");
  service.close();
  await expect(ask("/gone")).rejects.toThrow("fetch failed");
  expect(wire.line("run").calls.map(({ status }) => status)).toEqual([null, null]);
});

it("answers nobody whose line it does not know", async () => {
  expect((await fetch(`${wire.endpoints("127.0.0.1", "stranger").trainer}/ready`)).status).toBe(404);
});
