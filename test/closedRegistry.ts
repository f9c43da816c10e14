import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A registry on this machine that refuses a push, and whatever else it is asked. */
export async function closedRegistry(): Promise<Disposable & { address: string }> {
  const server = createServer((_, answer) => void answer.writeHead(403).end());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, [Symbol.dispose]: () => void server.close() };
}
