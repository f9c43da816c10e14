import http from "node:http";
import https from "node:https";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { excerpt, HttpError, NoAnswerError } from "../http.ts";

/** A connection on which nothing moves for so long is dead. No limit on the whole: a file may be large and the way slow. */
const IDLE_SECONDS = 60;

/** An HTTP request whose body or answer is a file. */
export interface FileRequest {
  /** For messages. */
  service: string;
  method: string;
  url: string;
  headers: Record<string, string>;
  signal: AbortSignal;
}

/**
 * Sends a request, with a body if there is one, and gives the answer, whose body is yet to be read. Throws HttpError for a
 * status of 300 or more, NoAnswerError, or the signal's reason.
 */
export async function transfer({ service, method, url, headers, signal }: FileRequest, agent: http.Agent, body?: Readable): Promise<http.IncomingMessage> {
  signal.throwIfAborted();
  const { pathname } = new URL(url);
  const request = (url.startsWith("https:") ? https : http).request(url, { method, headers, signal, agent });
  request.setTimeout(IDLE_SECONDS * 1000, () => request.destroy(new Error(`nothing moved for ${IDLE_SECONDS} s`)));
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => request.once("error", reject).once("response", resolve));
  const sent = body === undefined ? Promise.resolve(request.end()).then(() => undefined) : pipeline(body, request);
  // A refusal may come, and cut the connection, before the body is through: then it is the answer that counts.
  sent.catch(() => undefined);
  try {
    const response = await answered;
    if (response.statusCode! >= 300) throw new HttpError(service, method, pathname, response.statusCode!, await textOf(response).catch(() => ""));
    return response;
  } catch (error) {
    if (error instanceof HttpError) throw error;
    signal.throwIfAborted();
    // A body that could not be read has an error of its own, which says more than a cut request.
    const why = await sent.then(() => error, (failure: unknown) => (isFileError(failure) ? failure : error));
    if (isFileError(why)) throw why;
    throw new NoAnswerError(service, method, pathname, error instanceof Error ? error.message : String(error), { cause: error });
  }
}

const isFileError = (error: unknown) => error instanceof HttpError || error instanceof NoAnswerError;

/** An answer's body as text. */
export async function textOf(response: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** What a server says of a refused request, for a message. */
export const wordsOf = ({ status, body }: HttpError): string => `${status}: ${excerpt(body)}`;

/** An agent that keeps connections, for a base address. */
export const agentFor = (base: string): http.Agent => new (base.startsWith("https:") ? https : http).Agent({ keepAlive: true });
