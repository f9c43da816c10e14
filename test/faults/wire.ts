import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

export const SERVICES = ["taskApp", "vllm", "trainer"] as const;
export type Service = (typeof SERVICES)[number];

/** One request that went over the wire. */
export interface Call {
  service: Service;
  method: string;
  path: string;
  /** Parsed JSON; null where there is none. */
  body: unknown;
  /** Of the answer; null while there is none, or the connection was cut. */
  status: number | null;
}

/** A place on the wire where requests of one kind stand still, before the service hears of them or before its answer goes back. */
export class Hold {
  readonly #reached = Promise.withResolvers<void>();
  readonly #released = Promise.withResolvers<void>();
  readonly stops: (call: Call) => boolean;
  readonly side: "question" | "answer";

  constructor(stops: (call: Call) => boolean, side: "question" | "answer") {
    this.stops = stops;
    this.side = side;
  }

  /** Resolves when the first request stands. */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  release(): void {
    this.#released.resolve();
  }

  async pass(): Promise<void> {
    this.#reached.resolve();
    await this.#released.promise;
  }
}

/** What one run asks of the three services. */
export class Line {
  readonly calls: Call[] = [];
  readonly #holds: Hold[] = [];

  hold(stops: (call: Call) => boolean, side: "question" | "answer" = "question"): Hold {
    const hold = new Hold(stops, side);
    this.#holds.push(hold);
    return hold;
  }

  async stand(call: Call, side: "question" | "answer"): Promise<void> {
    for (const hold of this.#holds) if (hold.side === side && hold.stops(call)) await hold.pass();
  }
}

/**
 * An HTTP server that stands between runs and their services, and so knows in which phase a run is: `endpoints(host, NAME)`
 * are the addresses of a run of that name. Where a service gives no answer, the run gets none.
 */
export class Wire {
  readonly #lines = new Map<string, Line>();
  readonly #services: (service: Service) => Promise<string>;
  readonly #server: Server;

  /** @param services gives a service's own address; asked at each request, since it is up after this server */
  constructor(services: (service: Service) => Promise<string>) {
    this.#services = services;
    this.#server = createServer((incoming, answer) => void this.#handle(incoming, answer).catch(() => incoming.socket.destroy()));
    // A held request is no hung one, and a client that waits meanwhile shall find its connection.
    Object.assign(this.#server, { requestTimeout: 0, keepAliveTimeout: 0 });
  }

  /** Listens on all of the machine's addresses: the pods' bridge is not up yet. */
  async start(): Promise<void> {
    this.#server.listen(0);
    await once(this.#server, "listening");
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  line(run: string): Line {
    const line = this.#lines.get(run) ?? new Line();
    this.#lines.set(run, line);
    return line;
  }

  /** For a client that reaches this machine at `host`. */
  endpoints(host: string, run: string): Record<Service, string> {
    const at = (service: Service) => `http://${host}:${this.port}/${run}/${service}`;
    return { taskApp: at("taskApp"), vllm: at("vllm"), trainer: at("trainer") };
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const [, run = "", service, ...rest] = incoming.url!.split("/");
    const line = this.#lines.get(run);
    if (!line || !isService(service)) return void answer.writeHead(404).end(`nobody is at ${incoming.url}`);
    const body = await buffer(incoming);
    const call: Call = { service, method: incoming.method!, path: `/${rest.join("/")}`, body: body.length > 0 ? JSON.parse(body.toString()) : null, status: null };
    line.calls.push(call);
    await line.stand(call, "question");
    const from = await forward(`${await this.#services(service)}${call.path}`, incoming, body);
    call.status = from.status;
    await line.stand(call, "answer");
    answer.writeHead(from.status, { "content-type": from.type }).end(from.body);
  }
}

const isService = (name: string | undefined): name is Service => SERVICES.includes(name as Service);

async function forward(url: string, { method, headers }: IncomingMessage, body: Buffer): Promise<{ status: number; type: string; body: Buffer }> {
  const outgoing = request(url, { method, headers: { ...headers, host: new URL(url).host, connection: "close" } });
  outgoing.end(body);
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  return { status: answer.statusCode!, type: answer.headers["content-type"] ?? "", body: await buffer(answer) };
}
