import type { ResourceLog } from "../protocol/engineLog.ts";
import { containsUnknown, plain, type PropertyMap, secret } from "../protocol/propertyValues.ts";
import type * as rpc from "../protocol/provider.ts";
import { buildImage } from "./buildImage.ts";
import { checkImage } from "./checkImage.ts";
import { diffImage, INPUTS } from "./diffImage.ts";
import { DockerEngine } from "./dockerEngine.ts";
import { isLost } from "./registry.ts";

const IMAGE = "docker:index/image:Image";

/**
 * The stand-in for the official `pulumi-docker`, for its `Image` resource alone. The rules that it keeps, and where they're
 * from: docs/providers.md.
 */
export class DockerProvider implements rpc.ResourceProvider {
  readonly version: string;
  #log: ResourceLog;
  #defaultHost: string | undefined;
  #cancelled = new AbortController();
  #host: string | undefined;

  /** `defaultHost` is the Docker host when the provider's arguments name none. */
  constructor(version: string, log: ResourceLog, defaultHost: string | undefined) {
    this.version = version;
    this.#log = log;
    this.#defaultHost = defaultHost;
  }

  async checkConfig(news: PropertyMap): Promise<rpc.CheckResponse> {
    const known = new Set(["host", "version", "pluginDownloadURL"]);
    const refused = Object.keys(news).filter((key) => !known.has(key) && !isEmptyList(news[key]));
    const reason = "this stand-in provider knows host alone; the official one: pulumi plugin install resource docker";
    return { inputs: news, failures: refused.map((property) => ({ property, reason })) };
  }

  async diffConfig(): Promise<rpc.DiffResponse> {
    return { changes: new Map(), deleteBeforeReplace: false };
  }

  async configure(args: PropertyMap): Promise<void> {
    const { host } = plain(args);
    this.#host = typeof host === "string" && host !== "" ? host : this.#defaultHost;
  }

  async check(request: rpc.CheckRequest): Promise<rpc.CheckResponse> {
    if (request.type !== IMAGE) {
      const reason = `${request.type} isn't in this stand-in provider, which has ${IMAGE} alone; the official one: pulumi plugin install resource docker`;
      return { inputs: request.news, failures: [{ property: "", reason }] };
    }
    return checkImage(request.news);
  }

  async diff(request: rpc.DiffRequest): Promise<rpc.DiffResponse> {
    const changes = diffImage(request.olds, request.news);
    const { repoDigest } = plain(request.olds);
    if (typeof repoDigest === "string" && (await isLost(repoDigest))) {
      this.#log.log("warning", request.urn, `the registry has no ${repoDigest} any more: it's built and pushed again`);
      changes.set("repoDigest", { change: "update", replace: false });
    }
    return { changes, deleteBeforeReplace: false };
  }

  async create(request: rpc.CreateRequest): Promise<{ id: string; properties: PropertyMap }> {
    const properties = await this.#build(request.urn, request.inputs, request.preview);
    const id = request.preview ? "" : String(plain(request.inputs).imageName);
    return { id, properties };
  }

  async read(request: rpc.ReadRequest): Promise<{ properties: PropertyMap; inputs: PropertyMap } | undefined> {
    return { properties: request.state, inputs: request.inputs ?? {} };
  }

  async update(request: rpc.UpdateRequest): Promise<PropertyMap> {
    return this.#build(request.urn, request.news, request.preview);
  }

  /** Removes no tag, here or at the registry: others may use them. */
  async delete(): Promise<void> {}

  cancel(): void {
    this.#cancelled.abort();
  }

  async #build(urn: string, inputs: PropertyMap, preview: boolean): Promise<PropertyMap> {
    const known = plain(inputs);
    if (preview && (known.buildOnPreview !== true || containsUnknown(inputs))) return inputs;
    const engine = new DockerEngine(this.#host, this.#cancelled.signal);
    const status = (line: string) => this.#log.status(urn, line);
    const outputs = await buildImage(engine, known, !preview, { status });
    status("");
    return { ...outputs, [INPUTS]: secret(known) };
  }
}

/** The SDK passes some settings on as empty lists. */
function isEmptyList(value: unknown): boolean {
  return value === null || value === "[]" || (Array.isArray(value) && value.length === 0);
}
