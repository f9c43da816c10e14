import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FileStore } from "./fileStore.ts";
import { storeServer } from "./server.ts";

const KEY = "store-key";
let folder: string;
let server: Server;
let url: string;
const logged: string[] = [];
const ring = { accepts: (header: string | undefined) => header === `Bearer ${KEY}` };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "rewardlab-store-"));
  server = storeServer(new FileStore(folder), ring, (line) => logged.push(line));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/files`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const headers = { authorization: `Bearer ${KEY}` };
const put = (key: string, body: string | Buffer, more: Record<string, string> = {}) => fetch(`${url}/${key}`, { method: "PUT", body: body as never, headers: { ...headers, ...more } });
const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest("hex");
const files = () => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort();

it("keeps a file whole, says its digest, gives it back, lists it and removes it", async () => {
  const body = Buffer.alloc(3_000_000, "adapter");
  expect(await (await put("run-1/adapter/v1/model", body)).json()).toEqual({ key: "run-1/adapter/v1/model", size: body.length, sha256: sha256(body) });
  expect(readFileSync(join(folder, "run-1/adapter/v1/model")).equals(body)).toBe(true);
  expect(Buffer.from(await (await fetch(`${url}/run-1/adapter/v1/model`, { headers })).arrayBuffer()).equals(body)).toBe(true);
  await put("run-2/log/1", "other");
  expect(await (await fetch(`${url}?prefix=run-1/`, { headers })).json()).toEqual({ files: [{ key: "run-1/adapter/v1/model", size: body.length }] });
  for (const _ of [1, 2]) expect((await fetch(`${url}/run-1/adapter/v1/model`, { method: "DELETE", headers })).status).toBe(200);
  expect((await fetch(`${url}/run-1/adapter/v1/model`, { headers })).status).toBe(404);
});

it("puts new content in the place of the old in one go", async () => {
  await put("a/b", "old");
  await put("a/b", "new");
  expect([readFileSync(join(folder, "a/b"), "utf8"), files()]).toEqual(["new", ["a/b"]]);
});

it("keeps nothing of a body with another digest than its sender's, and what was there stays", async () => {
  await put("a/b", "old");
  const refused = await put("a/b", "damaged", { "x-content-sha256": sha256("whole") });
  expect([refused.status, (await refused.json() as { error: string }).error]).toEqual([422, "digest_mismatch"]);
  expect([readFileSync(join(folder, "a/b"), "utf8"), files()]).toEqual(["old", ["a/b"]]);
  expect((await put("a/b", "whole", { "x-content-sha256": sha256("whole") })).status).toBe(200);
});

it("keeps nothing of an upload that breaks off", async () => {
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1");
  socket.write(`PUT /v1/files/a/b HTTP/1.1\r\nHost: s\r\nAuthorization: Bearer ${KEY}\r\nContent-Length: 1000\r\n\r\nhalf`);
  await expect.poll(() => files().length).toBe(1);
  socket.destroy();
  await expect.poll(files).toEqual([]);
});

it("lets nobody in without the key, and reads no body for a stranger", async () => {
  for (const authorization of ["", "Bearer other", `Bearer ${KEY}x`, KEY]) {
    expect((await fetch(`${url}/a/b`, { method: "PUT", body: "x", headers: { authorization } })).status).toBe(401);
    expect((await fetch(url, { headers: { authorization } })).status).toBe(401);
  }
  expect([files(), (await fetch(new URL("/health", url))).status]).toEqual([[], 200]);
});

it.each(["..%2f..%2fetc", ".tmp-x", "a//b", "a/.hidden", "a/%00", "a/b/c/d/e/f/g/h/i"])("refuses the key %s", async (key) => {
  expect((await put(key, "x")).status).toBe(422);
  expect(files()).toEqual([]);
});

it("says that the disk is full as such", async () => {
  const full = new FileStore(folder);
  full.put = () => Promise.reject(Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" }));
  const other = storeServer(full, ring, (line) => logged.push(line));
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const answer = await fetch(`http://127.0.0.1:${(other.address() as AddressInfo).port}/v1/files/a`, { method: "PUT", body: "x", headers });
  expect([answer.status, await answer.json()]).toEqual([507, { error: "no_space", detail: "ENOSPC: no space left on device, write" }]);
  await new Promise((resolve) => { other.closeAllConnections(); other.close(resolve); });
});

it("as a process: a kill in the middle of an upload leaves the old file, the next start no rest of it, and bad settings end it with 78", async () => {
  const main = join(import.meta.dirname, "main.ts");
  const packaged = join(import.meta.dirname, "../../../node_modules/node/bin/node");
  const node = existsSync(packaged) ? packaged : process.execPath;
  const free = await freePort();
  const keyFile = `${folder}-key`;
  writeFileSync(keyFile, `${KEY}\n`);
  const start = async () => {
    const child = spawn(node, [main], { env: { PATH: process.env["PATH"], RESULTS_DIR: folder, RESULTS_KEY_FILE: keyFile, PORT: String(free) }, stdio: ["ignore", "ignore", "pipe"] });
    await once(child.stderr!, "data");
    return child;
  };
  const first = await start();
  await fetch(`http://127.0.0.1:${free}/v1/files/a/b`, { method: "PUT", body: "old", headers });
  const socket = connect(free, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(`PUT /v1/files/a/b HTTP/1.1\r\nHost: s\r\nAuthorization: Bearer ${KEY}\r\nContent-Length: 1000\r\n\r\nhalf`);
  await expect.poll(() => files().length).toBe(2);
  first.kill("SIGKILL");
  await once(first, "close");
  expect(files()).toHaveLength(2);
  const second = await start();
  expect([files(), readFileSync(join(folder, "a/b"), "utf8")]).toEqual([["a/b"], "old"]);
  second.kill("SIGTERM");
  expect(await once(second, "close")).toEqual([0, null]);
  const file = join(folder, "no-folder");
  writeFileSync(file, "");
  const bad = spawn(node, [main], { env: { PATH: process.env["PATH"], RESULTS_DIR: file, RESULTS_KEY_FILE: join(folder, "none"), PORT: "x" }, stdio: ["ignore", "ignore", "pipe"] });
  let words = "";
  bad.stderr!.on("data", (chunk) => { words += String(chunk); });
  expect(await once(bad, "close")).toEqual([78, null]);
  expect(words.trim().split("\n")).toHaveLength(4);
  rmSync(keyFile);
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
