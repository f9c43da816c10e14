import { once } from "node:events";
import { Agent, createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** A model call as the task app made it: the body of the chat completion. */
export type ModelCall = Record<string, unknown> & { model: string };

/**
 * Stands between a runner and the task app and keeps the model calls of every episode, which the task app tells with each of its
 * turns. One hop an episode, none a turn, so that what is measured beside it is not this.
 */
export class Recorder implements AsyncDisposable {
  /** By turn, then in the order in which the episodes ended: about the order in which the calls were made. */
  readonly #turns: ModelCall[][] = [];
  readonly #upstream: string;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #server: Server;

  constructor(upstream: string) {
    this.#upstream = upstream;
    this.#server = createServer((incoming, answer) => void this.#handle(incoming, answer).catch(() => answer.destroy()));
    this.#server.requestTimeout = 0;
  }

  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The calls since the last time, first turns first. */
  take(): ModelCall[] {
    return this.#turns.splice(0).flat();
  }

  async #handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const outgoing = request(`${this.#upstream}${incoming.url}`, { method: incoming.method!, headers: incoming.headers, agent: this.#agent });
    outgoing.end(await buffer(incoming));
    const [from] = (await once(outgoing, "response")) as [IncomingMessage];
    const body = await buffer(from);
    if (incoming.url === "/rollout" && from.statusCode === 200) this.#keep(callsOf(body.toString()));
    answer.writeHead(from.statusCode!, { "content-type": from.headers["content-type"] ?? "" }).end(body);
  }

  #keep(calls: readonly ModelCall[]): void {
    for (const [turn, call] of calls.entries()) (this.#turns[turn] ??= []).push(call);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    this.#agent.destroy();
  }
}

/** The model calls in an answer to POST /rollout, by turn; none for the random policy. */
export function callsOf(answer: string): ModelCall[] {
  const { trajectories } = JSON.parse(answer) as { trajectories: { steps: { info: { meta: { inference_request?: ModelCall } } }[] }[] };
  return trajectories.flatMap(({ steps }) => steps.flatMap(({ info }) => info.meta.inference_request ?? []));
}
