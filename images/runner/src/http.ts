import http from "node:http";
import https from "node:https";

/**
 * A JSON client over Node's own http. Not fetch: its dispatcher gives up after 300 s without a header and can't be told
 * otherwise without another dependency, and a rollout or a step may take longer than that.
 */

/** The service answered, with a status of 300 or more. */
export class HttpError extends Error {
  readonly service: string;
  readonly status: number;
  readonly body: string;

  constructor(service: string, method: string, path: string, status: number, body: string) {
    super(`${service} answered ${status} to ${method} ${path}: ${excerpt(body)}`);
    this.name = "HttpError";
    this.service = service;
    this.status = status;
    this.body = body;
  }
}

/** The service did not answer: refused, reset, timed out, or no such host. */
export class NoAnswerError extends Error {
  readonly service: string;

  constructor(service: string, method: string, path: string, why: string, options?: ErrorOptions) {
    super(`${service} did not answer ${method} ${path}: ${why}`, options);
    this.name = "NoAnswerError";
    this.service = service;
  }
}

export interface CallOptions {
  body?: unknown;
  timeoutSeconds: number;
  signal: AbortSignal;
}

/** Calls of one service on kept-alive connections. */
export class HttpClient {
  readonly service: string;
  readonly #base: string;
  readonly #headers: Record<string, string>;
  readonly #transport: typeof http | typeof https;
  readonly #agent: http.Agent;

  constructor(service: string, base: string, headers: Record<string, string>) {
    this.service = service;
    this.#base = base.replace(/\/+$/, "");
    this.#headers = headers;
    this.#transport = base.startsWith("https:") ? https : http;
    this.#agent = new this.#transport.Agent({ keepAlive: true });
  }

  /**
   * Sends one request and returns the body's text. Throws HttpError, NoAnswerError, or the signal's reason when aborted.
   */
  async call(method: string, path: string, options: CallOptions): Promise<string> {
    options.signal.throwIfAborted();
    const limit = AbortSignal.timeout(options.timeoutSeconds * 1000);
    try {
      const { status, text } = await this.#send(method, path, options.body, AbortSignal.any([options.signal, limit]));
      if (status >= 300) throw new HttpError(this.service, method, path, status, text);
      return text;
    } catch (error) {
      if (error instanceof HttpError) throw error;
      options.signal.throwIfAborted();
      const why = limit.aborted ? `nothing within ${options.timeoutSeconds} s` : reasonOf(error);
      throw new NoAnswerError(this.service, method, path, why, { cause: error });
    }
  }

  #send(method: string, path: string, body: unknown, signal: AbortSignal): Promise<{ status: number; text: string }> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers: Record<string, string | number> = { ...this.#headers };
    if (payload !== undefined) {
      headers["content-type"] = "application/json";
      headers["content-length"] = Buffer.byteLength(payload);
    }
    return new Promise((resolve, reject) => {
      const request = this.#transport.request(`${this.#base}${path}`, {
        method,
        headers,
        signal,
        agent: this.#agent,
      });
      request.once("error", reject);
      request.once("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
      });
      request.end(payload);
    });
  }

  /** Closes the idle connections, so that the process can end. */
  close(): void {
    this.#agent.destroy();
  }
}

/** The first 300 characters of a body on one line. */
export function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(", ");
  return error instanceof Error ? error.message : String(error);
}
