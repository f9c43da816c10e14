import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "../command.ts";
import { download, DownloadUnavailable, parseSha256 } from "./download.ts";
import { ToolchainError } from "./errors.ts";
import { families, mirrored } from "./sources.ts";
import { testMirror, type TestMirror } from "./testMirror.ts";

const all = families("amd64");
const etcd = all.find((family) => family.name === "etcd")!.downloads[0]!;
let dir: string;
let mirror: TestMirror;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "rewardlab-download-"));
  mirror = await testMirror(all);
});
afterEach(async () => {
  await mirror.close();
  rmSync(dir, { recursive: true, force: true });
});

test.each(all.flatMap((family) => family.downloads))("$url is checked, unpacked and executable", async (source) => {
  await download(source, dir, { mirrorUrl: mirror.url });
  const programs = Object.keys(source.members);
  expect(readdirSync(dir)).toEqual(programs);
  for (const program of programs) expect(await run(join(dir, program), [])).toBe(`fake ${program}\n`);
});

test("a file that isn't the one the release names is refused and removed", async () => {
  mirror.files.set(mirrored(etcd.url, ""), Buffer.from("something else"));
  const error = await download(etcd, dir, { mirrorUrl: mirror.url }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ToolchainError);
  expect(String(error)).toContain(mirrored(etcd.url, mirror.url));
  expect(String(error)).toContain("Look at the mirror");
  expect(readdirSync(dir)).toEqual([]);
});

test("a file whose checksum can't be had is not fetched", async () => {
  mirror.files.delete(mirrored(etcd.checksum.url, ""));
  await expect(download(etcd, dir, { mirrorUrl: mirror.url })).rejects.toThrow(/SHA256SUMS answered 404/);
  expect(mirror.requests).not.toContain(mirrored(etcd.url, ""));
});

test("a file that the checksum file doesn't name is not fetched", async () => {
  mirror.files.set(mirrored(etcd.checksum.url, ""), Buffer.from(`${"0".repeat(64)}  other.tar.gz\n`));
  await expect(download(etcd, dir, { mirrorUrl: mirror.url })).rejects.toThrow(/names no sha256 for etcd-v/);
  expect(mirror.requests).not.toContain(mirrored(etcd.url, ""));
});

test("a host that refuses the connection is named", async () => {
  await mirror.close();
  const error = await download(etcd, dir, { mirrorUrl: mirror.url }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DownloadUnavailable);
  expect(error).toMatchObject({ origin: mirror.url });
  expect(String(error)).toMatch(/127\.0\.0\.1:\d+ can't be reached \(ECONNREFUSED\)/);
});

test("a host that takes the connection and says nothing is given up within seconds", async () => {
  const silent: Server = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const address = silent.address() as { port: number };
  const start = Date.now();
  try {
    const attempt = download(etcd, dir, { mirrorUrl: `http://127.0.0.1:${address.port}` });
    await expect(attempt).rejects.toThrow(/can't be reached \(no answer within 5 s\)/);
    expect(Date.now() - start).toBeLessThan(8000);
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
});

test("a transfer that breaks off says where, and an abort ends one with the signal's reason", async () => {
  const cut: Server = createServer((request, response) => {
    if (request.url!.endsWith("SHA256SUMS")) {
      response.end(mirror.files.get(mirrored(etcd.checksum.url, "")));
      return;
    }
    response.writeHead(200, { "content-length": 1000 }).write("half");
    if (cutNow) setTimeout(() => response.destroy(), 50);
  });
  let cutNow = true;
  await new Promise<void>((resolve) => cut.listen(0, "127.0.0.1", resolve));
  const mirrorUrl = `http://127.0.0.1:${(cut.address() as { port: number }).port}`;
  try {
    await expect(download(etcd, dir, { mirrorUrl })).rejects.toThrow(/broke off after 4 bytes/);
    cutNow = false;
    const controller = new AbortController();
    const onBytes = (): void => controller.abort(new Error("stop"));
    await expect(download(etcd, dir, { mirrorUrl, signal: controller.signal, onBytes })).rejects.toThrow("stop");
    expect(existsSync(join(dir, "etcd"))).toBe(false);
  } finally {
    cut.closeAllConnections();
    cut.close();
  }
});

test("a mirror's layout is the official host and path below its base, whether or not the base ends in a slash", () => {
  const url = "https://dl.k8s.io/v1.0.0/bin/linux/amd64/kubectl";
  expect(mirrored(url, "http://m.test/base/")).toBe("http://m.test/base/dl.k8s.io/v1.0.0/bin/linux/amd64/kubectl");
  expect(mirrored(url, "http://m.test/base")).toBe(mirrored(url, "http://m.test/base/"));
  expect(mirrored(url, undefined)).toBe(url);
});

const hash = "ab".repeat(32);
test.each([
  ["sums", `${hash}\n`, hash],
  ["sums", hash.toUpperCase(), hash],
  ["sums", `${"0".repeat(64)}  x.tgz\n${hash} *dir/f.tgz\n`, hash],
  ["sums", `${hash}  other.tgz\n`, undefined],
  ["sums", "<html>not found</html>", undefined],
  ["githubApi", JSON.stringify({ assets: [{ name: "f.tgz", digest: `sha256:${hash}` }] }), hash],
  ["githubApi", JSON.stringify({ assets: [{ name: "f.tgz", digest: null }] }), undefined],
  ["githubApi", JSON.stringify({ message: "rate limit" }), undefined],
  ["githubApi", "<html>", undefined],
] as const)("the checksum of f.tgz in %s %j is %j", (kind, text, expected) => {
  expect(parseSha256(kind, text, "f.tgz")).toBe(expected);
});
