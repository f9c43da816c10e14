import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stopDaemon } from "../daemon/daemon.ts";
import { ensureDebianPackages } from "../packages.ts";
import { imagesLayout } from "./layout.ts";
import { REGISTRY_DAEMON, startRegistry } from "./registry.ts";
import { RegistryPush } from "./registryPush.ts";

/** Against Debian's docker-registry itself, on a port and in a folder of its own. */
const ADDRESS = "127.0.0.1:18299";
const ctx = { progress: () => undefined, signal: new AbortController().signal };
const folder = mkdtempSync(join(tmpdir(), "rewardlab-registry-"));
const places = imagesLayout({ cacheDir: join(folder, "cache"), stateDir: join(folder, "state") });

beforeAll(async () => {
  await ensureDebianPackages(["docker-registry"], ctx);
  await startRegistry(ADDRESS, places, ctx);
});
afterAll(async () => {
  await stopDaemon(REGISTRY_DAEMON, places, { graceSeconds: 10 });
  rmSync(folder, { recursive: true });
});

const push = (repository: string): RegistryPush => new RegistryPush(ADDRESS, repository, ctx.signal);
const some = (byte: number): Readable => Readable.from([Buffer.alloc(100_000, byte), Buffer.alloc(7, byte)]);

test("a layer that is streamed in gets the digest of its bytes, and an image of it is there whole", async () => {
  let sent = 0;
  const layer = await push("one").pushLayer(some(1), (count) => (sent += count));
  expect(layer).toEqual({ digest: "sha256:be2866f84ab5852a82ddcb572b427f548947392e73e90f845c04fa8452f86f40", size: 100_007 });
  expect(sent).toBe(100_007);
  const digest = await push("one").pushImage([layer], { env: { PATH: "/bin" }, labels: {} });
  expect(await push("one").has(digest)).toBe(true);
  expect(await push("two").has(digest)).toBe(false);
});

test("a layer of one repository is made known in another without being sent again", async () => {
  const layer = await push("one").pushLayer(some(2));
  await push("three").ensureBlob(layer, "one");
  await push("three").ensureBlob(layer, "one");
  const digest = await push("three").pushImage([layer], { env: {}, labels: {} });
  expect(await push("three").has(digest)).toBe(true);
});

test("equal layers and settings are one image, another label is another", async () => {
  const layer = await push("one").pushLayer(some(3));
  const image = (label: string) => push("one").pushImage([layer], { env: {}, labels: { generation: label } });
  expect(await image("a")).toBe(await image("a"));
  expect(await image("a")).not.toBe(await image("b"));
});

test("half a layer is no layer: a stream that fails leaves no image", async () => {
  const broken = new Readable({
    read() {
      this.push(Buffer.alloc(1000));
      this.destroy(new Error("no room left"));
    },
  });
  await expect(push("one").pushLayer(broken)).rejects.toThrow("no room left");
});

test("an image of a layer that isn't there is refused", async () => {
  const layer = { digest: `sha256:${"0".repeat(64)}`, size: 1 };
  await expect(push("four").pushImage([layer], { env: {}, labels: {} })).rejects.toThrow(/registry at 127\.0\.0\.1:18299 refused PUT for four/);
});
