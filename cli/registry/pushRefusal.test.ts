import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { pushRefusal } from "./pushRefusal.ts";

/** A fake registry on a loopback port, in the words of the specification; `test/pushAccess.cluster.test.ts` asks a real one. */
let server: Server | undefined;
afterEach(() => new Promise<void>((done) => (server === undefined ? done() : void server.close(() => done()))));

async function fakeRegistry(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<{ address: string; asked: string[] }> {
  const asked: string[] = [];
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? "-"}`);
    handle(request, response);
  });
  await new Promise<void>((ready) => server!.listen(0, "127.0.0.1", ready));
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const LOGIN = { username: "me", password: "word" };
const BASIC = `Basic ${Buffer.from("me:word").toString("base64")}`;
const take = (response: ServerResponse) => void response.writeHead(202, { location: "/v2/lab/runner/blobs/uploads/1" }).end();

test("a registry that takes a push is left as it was: the upload is cancelled", async () => {
  const { address, asked } = await fakeRegistry((_, response) => take(response));
  expect(await pushRefusal(`${address}/lab/runner`, null)).toBeNull();
  expect(asked).toEqual(["POST /v2/lab/runner/blobs/uploads/ -", "DELETE /v2/lab/runner/blobs/uploads/1 -"]);
});

test("one that asks for a login is told with the command for it, and takes a good one", async () => {
  const { address } = await fakeRegistry(({ headers }, response) =>
    (headers.authorization === BASIC ? take(response) : void response.writeHead(401, { "www-authenticate": 'Basic realm="lab"' }).end()));
  expect(await pushRefusal(`${address}/lab/runner`, null)).toBe(
    `the registry refuses a push to ${address}/lab/runner: it asks for a login; log in with: docker login ${address}`,
  );
  expect(await pushRefusal(`${address}/lab/runner`, LOGIN)).toBeNull();
});

test("a token is fetched where the challenge says, for a push to this repository", async () => {
  const { address, asked } = await fakeRegistry(({ url, headers }, response) => {
    if (url!.startsWith("/token")) return void response.end(JSON.stringify({ token: "of-the-test" }));
    if (headers.authorization === "Bearer of-the-test") return take(response);
    response.writeHead(401, { "www-authenticate": `Bearer realm="http://${headers.host}/token",service="lab"` }).end();
  });
  expect(await pushRefusal(`${address}/lab/runner`, LOGIN)).toBeNull();
  expect(asked[1]).toBe(`GET /token?service=lab&scope=${encodeURIComponent("repository:lab/runner:pull,push")} ${BASIC}`);
});

test("a login that may not push there is told with the registry's own words", async () => {
  const { address } = await fakeRegistry(({ headers }, response) => (headers.authorization === undefined
    ? void response.writeHead(401, { "www-authenticate": 'Basic realm="lab"' }).end()
    : void response.writeHead(403).end(JSON.stringify({ errors: [{ code: "DENIED", message: "write access is denied" }] }))));
  const refusal = await pushRefusal(`${address}/lab/runner`, LOGIN);
  expect(refusal).toContain("it answers 403 (write access is denied)");
  expect(refusal).toMatch(/use a login that may push there, or another images\.registry$/);
  expect(refusal).not.toContain("word");
});

test("one that does not answer is an error with its address, and no refusal", async () => {
  const { address } = await fakeRegistry(() => {});
  await new Promise<void>((done) => void server!.close(() => done()));
  server = undefined;
  await expect(pushRefusal(`${address}/lab/runner`, null)).rejects.toThrow(new RegExp(`^${address} does not answer: .*ECONNREFUSED`));
});
