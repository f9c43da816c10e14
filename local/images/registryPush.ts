import { createHash } from "node:crypto";
import { request } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Transform } from "node:stream";

/** A blob that the registry holds. */
export interface Blob { digest: string; size: number }

/** Image configuration, as the parts of the OCI image specification that we set. */
export interface ImageConfig { env: Record<string, string>; labels: Record<string, string> }

const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIG = "application/vnd.docker.container.image.v1+json";
/** A layer that is not compressed: on the loopback gzip costs minutes of a core and saves nothing. */
const LAYER = "application/vnd.docker.image.rootfs.diff.tar";

/** Tag of the image that was pushed last into a repository. */
const TAG = "current";

const sha256 = (data: Buffer | string) => `sha256:${createHash("sha256").update(data).digest("hex")}`;

/** Pushes images into one repository of a registry over plain HTTP (OCI distribution specification). */
export class RegistryPush {
  readonly #address: string;
  readonly #repository: string;
  readonly #signal: AbortSignal;

  constructor(address: string, repository: string, signal: AbortSignal) {
    this.#address = address;
    this.#repository = repository;
    this.#signal = signal;
  }

  /** Streams a layer into the registry in one pass: its digest is known only when it is through. */
  async pushLayer(tar: Readable, onBytes: (count: number) => void = () => undefined): Promise<Blob> {
    const upload = await this.#startUpload();
    const hash = createHash("sha256");
    let size = 0;
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        size += chunk.length;
        onBytes(chunk.length);
        done(null, chunk);
      },
    });
    const location = await this.#patch(upload, tar, measure);
    const digest = `sha256:${hash.digest("hex")}`;
    await this.#finish(location, digest, Buffer.alloc(0));
    return { digest, size };
  }

  /**
   * Pushes configuration and manifest of an image of these layers and returns the manifest's digest. It gets a tag, which nothing
   * refers to: the registry's garbage collection removes what has none.
   */
  async pushImage(layers: readonly Blob[], { env, labels }: ImageConfig): Promise<string> {
    const config = Buffer.from(JSON.stringify({
      architecture: "amd64",
      os: "linux",
      // A fixed time: the same layers then make the same image, whenever it is made.
      created: "1970-01-01T00:00:00Z",
      config: { Env: Object.entries(env).map(([name, value]) => `${name}=${value}`), Labels: labels },
      rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
      history: layers.map(() => ({ created: "1970-01-01T00:00:00Z", created_by: "rewardlab" })),
    }));
    const configDigest = sha256(config);
    await this.#finish(await this.#startUpload(), configDigest, config);
    const manifest = Buffer.from(JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: CONFIG, size: config.length, digest: configDigest },
      layers: layers.map(({ digest, size }) => ({ mediaType: LAYER, size, digest })),
    }));
    const digest = sha256(manifest);
    await this.#call(`/v2/${this.#repository}/manifests/${TAG}`, { method: "PUT", headers: { "content-type": MANIFEST }, body: manifest });
    return digest;
  }

  /** Whether the registry holds the image with this digest, all its blobs included. */
  async has(digest: string): Promise<boolean> {
    const response = await fetch(this.#url(`/v2/${this.#repository}/manifests/${digest}`), { headers: { accept: MANIFEST }, signal: this.#signal });
    if (!response.ok) return false;
    const { config, layers } = (await response.json()) as { config: Blob; layers: Blob[] };
    const blobs = await Promise.all([config, ...layers].map((blob) =>
      fetch(this.#url(`/v2/${this.#repository}/blobs/${blob.digest}`), { method: "HEAD", signal: this.#signal })));
    return blobs.every((blob) => blob.ok);
  }

  /** Makes a blob of another repository known in this one, where it isn't, without sending it again. */
  async ensureBlob(blob: Blob, from: string): Promise<void> {
    const path = `/v2/${this.#repository}/blobs/`;
    const here = await fetch(this.#url(`${path}${blob.digest}`), { method: "HEAD", signal: this.#signal });
    if (!here.ok) await this.#call(`${path}uploads/?mount=${blob.digest}&from=${from}`, { method: "POST" });
  }

  async #startUpload(): Promise<URL> {
    return this.#location(await this.#call(`/v2/${this.#repository}/blobs/uploads/`, { method: "POST" }));
  }

  async #finish(upload: URL, digest: string, body: Buffer): Promise<void> {
    upload.searchParams.set("digest", digest);
    await this.#call(upload.href, { method: "PUT", headers: { "content-type": "application/octet-stream" }, body });
  }

  /** node:http and not fetch: a body of gigabytes must be sent with back pressure, and without a time limit. */
  async #patch(upload: URL, tar: Readable, measure: Transform): Promise<URL> {
    const outgoing = request(upload, { method: "PATCH", headers: { "content-type": "application/octet-stream" }, signal: this.#signal });
    const answered = new Promise<URL>((resolve, reject) => {
      outgoing.on("error", reject).on("response", (response) => {
        response.resume();
        const location = response.headers.location;
        if (response.statusCode === 202 && location) resolve(new URL(location, upload));
        else reject(new Error(`the registry at ${this.#address} refused a layer of ${this.#repository}: status ${response.statusCode}`));
      });
    });
    const [location] = await Promise.all([answered, pipeline(tar, measure, outgoing)]);
    return location;
  }

  async #call(path: string, init: RequestInit): Promise<Response> {
    const response = await fetch(this.#url(path), { ...init, signal: this.#signal });
    if (!response.ok) throw new Error(`the registry at ${this.#address} refused ${init.method} for ${this.#repository}: ${response.status} ${await response.text()}`);
    return response;
  }

  #location(response: Response): URL {
    return new URL(response.headers.get("location") ?? "", this.#url("/"));
  }

  #url(path: string): URL {
    return new URL(path, `http://${this.#address}`);
  }
}
