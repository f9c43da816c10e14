import { NoAnswerError } from "../http.ts";
import type { Bucket, Content } from "./bucket.ts";
import { agentFor, textOf, transfer } from "./transfer.ts";

/** The stack's own store (images/store), which checks what arrives against its digest. */
export class StoreBucket implements Bucket {
  readonly name = "the results store";
  readonly #files: string;
  readonly #key: string;
  readonly #agent;

  constructor(url: string, key: string) {
    this.#files = `${url.replace(/\/+$/, "")}/v1/files`;
    this.#key = key;
    this.#agent = agentFor(url);
  }

  async put(key: string, { size, sha256, open }: Content, signal: AbortSignal): Promise<void> {
    const headers = { "content-length": String(size), "x-content-sha256": sha256 };
    const text = await this.#ask("PUT", key, headers, signal, await open(signal));
    if ((JSON.parse(text) as { sha256?: string }).sha256 !== sha256) throw new NoAnswerError(this.name, "PUT", key, "it kept something else than was sent");
  }

  async remove(key: string, signal: AbortSignal): Promise<void> {
    await this.#ask("DELETE", key, {}, signal);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #ask(method: string, key: string, headers: Record<string, string>, signal: AbortSignal, body?: Parameters<typeof transfer>[2]): Promise<string> {
    // A refused key stays an HttpError: the cluster takes a minute to show a rotated one to the store.
    const request = { service: this.name, method, url: `${this.#files}/${key}`, headers: { ...headers, authorization: `Bearer ${this.#key}` }, signal };
    return textOf(await transfer(request, this.#agent, body));
  }
}
