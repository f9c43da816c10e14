import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** One request to `POST /rollout`. */
export interface Rollout {
  id: string;
  /** Of training; null for held-out and baseline episodes. */
  iteration: number | null;
}

/** What a test does around the rollouts of one task URL; what no hook answers passes through. */
export interface Meddler {
  /** Before the task app hears of a rollout. A status is the answer in its place. */
  before?: (rollout: Rollout) => Promise<number | void> | number | void;
  /** When the task app has answered, before the run hears of it. */
  after?: (rollout: Rollout) => Promise<void> | void;
}

/** An HTTP server that stands between runs and the stack's task app: a run's config names `url(NAME)` as its task URL. */
export class TaskAppProxy {
  /** What went wrong in hooks or on the way, in words. */
  readonly faults: string[] = [];
  readonly #meddlers: Record<string, Meddler>;
  readonly #upstream: () => Promise<string>;
  readonly #server: Server;

  /** @param upstream gives the task app's address; asked at each request, since runs start after this server */
  constructor(meddlers: Record<string, Meddler>, upstream: () => Promise<string>) {
    this.#meddlers = meddlers;
    this.#upstream = upstream;
    this.#server = createServer((incoming, answer) => {
      this.#handle(incoming, answer).catch((error: unknown) => {
        this.faults.push(`${incoming.url}: ${String(error)}`);
        answer.writeHead(502).end(JSON.stringify({ detail: String(error) }));
      });
    });
    // A held request is no hung one.
    this.#server.requestTimeout = 0;
  }

  /** Listens on all of the machine's addresses: the pods' bridge is not up yet. */
  async start(): Promise<void> {
    this.#server.listen(0);
    await once(this.#server, "listening");
  }

  /** The task URL of a meddler's runs, for a client that reaches this machine at `host`. */
  url(host: string, meddler: string): string {
    return `http://${host}:${(this.#server.address() as AddressInfo).port}/${meddler}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const [, name = "", ...rest] = incoming.url!.split("/");
    const meddler = this.#meddlers[name];
    if (!meddler) throw new Error(`no meddler is called ${JSON.stringify(name)}`);
    const body = await buffer(incoming);
    const reply = (status: number, text: string | Buffer, type = "application/json") => answer.writeHead(status, { "content-type": type }).end(text);
    // Runs wait long for a healthy task app. A fault of this server shall fail a rollout, and with it the run, in seconds.
    if (rest.join("/") !== "rollout") return void reply(200, "{}");
    const rollout = rolloutOf(body);
    const status = await meddler.before?.(rollout);
    if (status) return void reply(status, JSON.stringify({ detail: `made for the test: ${status}` }));
    const from = await forward(`${await this.#upstream()}/rollout`, incoming, body);
    await meddler.after?.(rollout);
    reply(from.status, from.body, from.type);
  }
}

function rolloutOf(body: Buffer): Rollout {
  const { run_id: id } = JSON.parse(body.toString()) as { run_id: string };
  const iteration = /-i(\d+)-g\d+-e\d+$/.exec(id)?.[1];
  return { id, iteration: iteration === undefined ? null : Number(iteration) };
}

async function forward(url: string, { method, headers }: IncomingMessage, body: Buffer): Promise<{ status: number; type: string; body: Buffer }> {
  const outgoing = request(url, { method, headers: { ...headers, host: new URL(url).host, connection: "close" } });
  outgoing.end(body);
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  return { status: answer.statusCode!, type: answer.headers["content-type"] ?? "", body: await buffer(answer) };
}
