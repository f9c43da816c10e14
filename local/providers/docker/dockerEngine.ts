import { type IncomingMessage, request } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createInterface } from "node:readline";
import { parseDockerHost } from "./dockerHost.ts";

export interface BuildOptions {
  tag: string;
  /** Relative to the context. */
  dockerfile: string;
  platform: string | undefined;
  target: string | undefined;
  network: string | undefined;
  args: Record<string, string>;
  cacheFrom: string[];
  extraHosts: string[];
}

export interface RegistryLogin {
  server: string;
  username: string;
  password: string;
}

/** One line of the engine's progress; `aux` carries a result. */
interface Progress {
  stream?: string;
  status?: string;
  /** Which layer the status is about. */
  id?: string;
  error?: string;
  aux?: Record<string, unknown>;
}

/** Lines of the classic builder that tell the user nothing. */
const NOISE = /^ ?--->|^Removing intermediate container/;

/** The Docker engine's HTTP API (docs.docker.com/reference/api/engine): what building and pushing an image needs. */
export class DockerEngine {
  #address: ReturnType<typeof parseDockerHost>;
  #host: string;
  #signal: AbortSignal;

  constructor(host: string | undefined, signal: AbortSignal) {
    this.#address = parseDockerHost(host);
    this.#host = host || "its default socket";
    this.#signal = signal;
  }

  /** Builds with the classic builder and returns the image's id. `archive` is the context as a tar stream. */
  async build(archive: Readable, options: BuildOptions, report: (line: string) => void): Promise<string> {
    const query = new URLSearchParams({ version: "1", t: options.tag, dockerfile: options.dockerfile });
    for (const key of ["platform", "target"] as const) if (options[key]) query.set(key, options[key]);
    if (options.network) query.set("networkmode", options.network);
    if (options.extraHosts.length > 0) query.set("extrahosts", options.extraHosts.join(","));
    query.set("buildargs", JSON.stringify(options.args));
    query.set("cachefrom", JSON.stringify(options.cacheFrom));
    const response = await this.#send("POST", `/build?${query}`, { "Content-Type": "application/x-tar" }, archive);
    const tail: string[] = [];
    let id: unknown;
    await readProgress(response, (progress) => {
      id = progress.aux?.ID ?? id;
      const line = (progress.stream ?? progress.status ?? "").trimEnd();
      if (line && !NOISE.test(line)) {
        report(line);
        tail.push(line);
        if (tail.length > 20) tail.shift();
      }
      if (progress.error) throw new Error(`${progress.error}\nThe last lines of the build:\n${tail.join("\n")}`);
    });
    if (typeof id !== "string") throw new Error("the Docker engine ended the build without naming the image");
    return id;
  }

  /** Pushes a tag and returns the digest that the registry reported (`sha256:…`). */
  async push(repository: string, tag: string, login: RegistryLogin | undefined, report: (line: string) => void): Promise<string> {
    const auth = login ? { serveraddress: login.server, username: login.username, password: login.password } : {};
    const header = Buffer.from(JSON.stringify(auth)).toString("base64url");
    const path = `/images/${repository}/push?${new URLSearchParams({ tag })}`;
    const response = await this.#send("POST", path, { "X-Registry-Auth": header });
    let digest: unknown;
    await readProgress(response, (progress) => {
      digest = progress.aux?.Digest ?? digest;
      if (progress.error) throw new Error(progress.error);
      if (progress.status) report(`push: ${progress.id ? `layer ${progress.id} ` : ""}${progress.status}`);
    });
    if (typeof digest !== "string") throw new Error("the registry took the image without reporting its digest");
    return digest;
  }

  async #send(method: string, path: string, headers: Record<string, string>, body?: Readable): Promise<IncomingMessage> {
    const call = request({ ...this.#address, method, path, headers, signal: this.#signal });
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      call.once("response", resolve);
      call.once("error", (error: Error) =>
        reject(new Error(`the Docker engine at ${this.#host} doesn't answer: ${error.message}. Is dockerd running?`)),
      );
    });
    // The engine may refuse before it has read the whole context; then its answer counts, not the broken pipe.
    const sent = body ? pipeline(body, call) : Promise.resolve(call.end());
    const response = await Promise.race([answer, sent.then(() => answer)]);
    if ((response.statusCode ?? 500) < 300) return response;
    const text = (await response.setEncoding("utf8").toArray()).join("");
    throw new Error(messageOf(text) || `the Docker engine answered ${response.statusCode}`);
  }
}

async function readProgress(response: IncomingMessage, handle: (progress: Progress) => void): Promise<void> {
  for await (const line of createInterface({ input: response })) {
    if (line.trim() !== "") handle(JSON.parse(line) as Progress);
  }
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text;
  }
}
