import type { z } from "zod";
import { ConfigError, RunFailure } from "./failure.ts";
import { type CallOptions, excerpt, HttpClient, HttpError } from "./http.ts";

/**
 * A service that the run needs, called with the run's key for it. Throws HttpError, NoAnswerError, and a ConfigError that
 * names the key when the service refuses it.
 */
export class Service {
  readonly #http: HttpClient;
  readonly #name: string;
  readonly #key: string;

  /** `key` is the name of the environment variable whose value is in the headers. */
  constructor(name: string, url: string, headers: Record<string, string>, key: string) {
    this.#http = new HttpClient(name, url, headers);
    this.#name = name;
    this.#key = key;
  }

  /** Sends one request and returns the answer's text. */
  async call(method: string, path: string, options: CallOptions): Promise<string> {
    try {
      return await this.#http.call(method, path, options);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /**
   * The same for an answer that the run reads. Its schema is not strict: a service may say more than the runner reads, and the
   * same task app serves other clients. What the runner reads is checked in full; a RunFailure names what is wrong with it.
   */
  async ask<S extends z.ZodType>(schema: S, method: string, path: string, options: CallOptions): Promise<z.infer<S>> {
    const text = await this.call(method, path, options);
    const remedy = `check that ${this.#name}'s image has the same version as the runner's`;
    const answer = `${this.#name}'s answer to ${method} ${path}`;
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (error) {
      throw new RunFailure(`${answer} is no JSON: ${excerpt(text)}`, remedy, { cause: error });
    }
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    const problems = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new RunFailure(`${answer} breaks the contract: ${problems.join("; ")}`, remedy);
  }

  close(): void {
    this.#http.close();
  }

  /** A refused key is the user's to mend; every other error stays what it is. */
  #explained(error: unknown): unknown {
    if (!(error instanceof HttpError)) return error;
    const { status, body } = error;
    const refused = status === 401 || status === 403 || (status === 400 && body.includes("unauthorised"));
    if (!refused) return error;
    return new ConfigError(
      `${this.#name} refused the runner's ${this.#key} (status ${status})`,
      `give the runner and ${this.#name} the same ${this.#key} from one Secret, then start a new attempt`,
    );
  }
}
