import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface FakeRequest {
  method: string;
  path: string;
  body: any;
  headers: IncomingMessage["headers"];
}

/** Status and JSON body (or other bytes) of an answer; "hang up" closes the connection without one. */
export type FakeAnswer = { status: number; body?: unknown; raw?: Buffer } | "hang up";

/** A fake service for tests: JSON in, JSON out, on a loopback port of the system's choice. */
export class FakeServer {
  readonly #handle: (request: FakeRequest) => Promise<FakeAnswer>;
  /** By path: the connections on which requests for it came. */
  readonly connections = new Map<string, Set<Socket>>();
  #server = createServer();
  #port = 0;

  constructor(handle: (request: FakeRequest) => Promise<FakeAnswer>) {
    this.#handle = handle;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts, or starts again on the port that it had. */
  async start(): Promise<void> {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    await new Promise<void>((resolve) => this.#server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Ends like a killed process: connections are cut. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sameWay = this.connections.get(request.url!) ?? new Set();
    this.connections.set(request.url!, sameWay.add(request.socket));
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const answer = await this.#handle({
      method: request.method!,
      path: request.url!,
      headers: request.headers,
      body: text === "" ? null : JSON.parse(text),
    });
    if (answer === "hang up") return void request.socket.destroy();
    response.writeHead(answer.status, { "content-type": "application/json" });
    response.end(answer.raw ?? (answer.body === undefined ? "" : JSON.stringify(answer.body)));
  }
}
