import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { DigestMismatch, type FileStore } from "./fileStore.ts";
import { partsOf } from "./fileKey.ts";
import type { KeyRing } from "./keyRing.ts";

/** Where files are: `PUT`, `GET` and `DELETE` of `/v1/files/<key>`, and `GET /v1/files?prefix=` for a list. */
const FILES = "/v1/files";
/** A connection on which nothing moves for so long is dead. */
const IDLE_MS = 120_000;

/**
 * The store behind HTTP. Everything but `/health` needs `Authorization: Bearer <key>`. Errors are `{error, detail}`; a
 * disk without room answers 507.
 */
export function storeServer(store: FileStore, keys: Pick<KeyRing, "accepts">, log: (line: string) => void): Server {
  const server = createServer((request, response) => {
    answer(store, keys, request, response).catch((error: unknown) => {
      const [status, code] = statusOf(error);
      if (status >= 500) log(`${request.method} ${request.url}: ${String(error)}`);
      refuse(response, status, code, error instanceof Error ? error.message : String(error));
    });
  });
  // By default Node ends every request after five minutes, and a large file on a slow way takes longer.
  server.requestTimeout = 0;
  server.timeout = IDLE_MS;
  return server;
}

async function answer(store: FileStore, keys: Pick<KeyRing, "accepts">, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://store");
  if (pathname === "/health") return send(response, 200, { status: "ok" });
  if (!keys.accepts(request.headers.authorization)) return refuse(response, 401, "unauthorized", "send the header Authorization: Bearer <RESULTS_API_KEY>");
  if (pathname === FILES && request.method === "GET") return send(response, 200, { files: await store.list(searchParams.get("prefix") ?? "") });
  if (!pathname.startsWith(`${FILES}/`)) return refuse(response, 404, "unknown_route", pathname);
  const parts = partsOf(pathname.slice(FILES.length + 1));
  if (parts === null) return refuse(response, 422, "invalid_key", "a key is up to 8 names of letters, digits, '.', '_' and '-', none of them hidden, parted by '/'");
  if (request.method === "PUT") {
    const expected = request.headers["x-content-sha256"];
    return send(response, 200, await store.put(parts, request, typeof expected === "string" ? expected : undefined));
  }
  if (request.method === "DELETE") {
    await store.remove(parts);
    return send(response, 200, {});
  }
  if (request.method !== "GET") return refuse(response, 405, "unknown_method", request.method ?? "");
  const found = await store.get(parts);
  if (found === null) return refuse(response, 404, "unknown_file", parts.join("/"));
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": found.size });
  await pipeline(found.stream, response);
}

function statusOf(error: unknown): [number, string] {
  if (error instanceof DigestMismatch) return [422, "digest_mismatch"];
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOSPC" || code === "EDQUOT" ? [507, "no_space"] : [500, "internal"];
}

const refuse = (response: ServerResponse, status: number, error: string, detail: string) => send(response, status, { error, detail });

function send(response: ServerResponse, status: number, body: unknown): void {
  // Half an answer is out already: the client learns from the cut connection.
  if (response.headersSent) return void response.destroy();
  // A refused body is not read to its end; the connection can't be used again.
  response.writeHead(status, { "content-type": "application/json", ...(status >= 400 && { connection: "close" }) });
  response.end(JSON.stringify(body));
}
