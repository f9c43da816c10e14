import { AwsV4Signer } from "aws4fetch";
import { ConfigError } from "../failure.ts";
import { HttpError } from "../http.ts";
import type { ResultsPlace } from "../runSpec.ts";
import type { Bucket, Content } from "./bucket.ts";
import { agentFor, textOf, transfer, wordsOf } from "./transfer.ts";

export type S3Place = Omit<Extract<ResultsPlace, { kind: "s3" }>, "kind">;
export interface S3Keys {
  accessKeyId: string;
  secretAccessKey: string;
}

/** What S3 takes in one request; more would have to be sent in parts. */
const LARGEST = 5 * 2 ** 30;

/**
 * A bucket of an S3-compatible server, by the path style that all of them know. Requests are signed (Signature Version 4)
 * without their bodies, which are streamed; what was kept is checked by the server against the digest that is in the
 * signed headers (x-amz-checksum-sha256).
 */
export class S3Bucket implements Bucket {
  readonly name: string;
  readonly #place: S3Place;
  readonly #keys: S3Keys;
  readonly #agent;

  constructor(place: S3Place, keys: S3Keys) {
    this.name = `the bucket ${place.bucket} at ${place.endpoint}`;
    this.#place = place;
    this.#keys = keys;
    this.#agent = agentFor(place.endpoint);
  }

  async put(key: string, { size, sha256, open }: Content, signal: AbortSignal): Promise<void> {
    if (size > LARGEST) throw new ConfigError(`${key} has ${size} bytes, and S3 takes at most ${LARGEST} in one request`, "keep results on a claim (results.kind: claim), or take a lower adapter rank");
    const headers = { "x-amz-checksum-sha256": Buffer.from(sha256, "hex").toString("base64") };
    await textOf(await this.#send("PUT", this.#path(key), headers, signal, { size, body: await open(signal) }));
  }

  async remove(key: string, signal: AbortSignal): Promise<void> {
    await textOf(await this.#send("DELETE", this.#path(key), {}, signal));
  }

  /** A file's bytes. */
  async get(key: string, signal: AbortSignal): Promise<NodeJS.ReadableStream> {
    return this.#send("GET", this.#path(key), {}, signal);
  }

  /** All keys that begin so, without the place's own prefix, with their sizes in bytes. */
  async list(prefix: string, signal: AbortSignal): Promise<{ key: string; size: number }[]> {
    const [found, own]: [{ key: string; size: number }[], string] = [[], this.#key("")];
    for (let token: string | undefined = ""; token !== undefined;) {
      const query = new URLSearchParams({ "list-type": "2", prefix: this.#key(prefix), ...(token !== "" && { "continuation-token": token }) });
      const xml = await textOf(await this.#send("GET", `/${this.#place.bucket}?${query.toString()}`, {}, signal));
      for (const [, entry] of xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
        found.push({ key: element(entry!, "Key")!.slice(own.length), size: Number(element(entry!, "Size")) });
      }
      token = element(xml, "NextContinuationToken");
    }
    return found;
  }

  close(): void {
    this.#agent.destroy();
  }

  #key(key: string): string {
    const prefix = this.#place.prefix.replace(/^\/+|\/+$/g, "");
    return prefix === "" ? key : `${prefix}/${key}`;
  }

  #path(key: string): string {
    return `/${this.#place.bucket}/${this.#key(key).split("/").map(encodeURIComponent).join("/")}`;
  }

  async #send(method: string, path: string, given: Record<string, string>, signal: AbortSignal, file?: { size: number; body: Parameters<typeof transfer>[2] }) {
    const { endpoint, region } = this.#place;
    const unsigned = { method, url: `${endpoint.replace(/\/+$/, "")}${path}`, headers: given, region, service: "s3", ...this.#keys };
    // Without a header of its own the signer names the body UNSIGNED-PAYLOAD. Signed anew for each try: a signature ages.
    const { url, headers } = await new AwsV4Signer(unsigned).sign();
    const all = { ...Object.fromEntries(headers), ...(file && { "content-length": String(file.size) }) };
    try {
      return await transfer({ service: this.name, method, url: url.toString(), headers: all, signal }, this.#agent, file?.body);
    } catch (error) {
      throw error instanceof HttpError ? this.#explained(error) : error;
    }
  }

  #explained(error: HttpError): Error {
    const code = element(error.body, "Code");
    if (code === "NoSuchBucket") return new ConfigError(`${this.name} is not there (${wordsOf(error)})`, "make the bucket, or mend results.bucket and results.endpoint");
    if (error.status === 401 || error.status === 403) return new ConfigError(`${this.name} refused S3_ACCESS_KEY_ID (${wordsOf(error)})`, "mend S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and results.region, and let the key read and write in the bucket");
    return error;
  }
}

/** Text of the first element of a name in an XML answer; the five entities of XML are read. */
function element(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text?.replace(/&(lt|gt|quot|apos|amp|#x?[0-9a-fA-F]+);/g, (_, entity: string) => ENTITIES[entity] ?? String.fromCodePoint(Number(entity.replace(/^#x/, "0x").replace("#", ""))));
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
