import {
  type HttpMethod,
  type KubeConfig,
  KubernetesObjectApi,
  type RequestContext,
  type ResponseContext,
} from "@kubernetes/client-node";
import type { PropertyMap, PropertyValue } from "../protocol/propertyValues.ts";
import { ApiError } from "./apiError.ts";
import { apiVersionOf, kindOf, type Manifest, nameOf, namespaceOf } from "./manifest.ts";

export interface WriteOptions {
  fieldManager: string;
  /** Validate and answer, but keep nothing. */
  dryRun: boolean;
}

type Query = Record<string, string | undefined>;

/** How long one request may take. Watches aren't used, so no answer needs longer. */
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * Reads and writes objects of any kind as the JSON that the server speaks. Discovery and authentication are
 * `KubernetesObjectApi`'s; its typed (de)serialisation isn't used, since it drops every field that the client's release
 * doesn't know.
 *
 * Every method throws `ApiError`.
 */
export class ObjectClient extends KubernetesObjectApi {
  static forConfig(config: KubeConfig): ObjectClient {
    return config.makeApiClient(ObjectClient);
  }

  /** True when objects of this kind live in a namespace; undefined when the server doesn't know the kind. */
  async isNamespaced(apiVersion: string, kind: string): Promise<boolean | undefined> {
    const resource = await this.resource(apiVersion, kind).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    });
    return resource?.namespaced;
  }

  async getVersion(): Promise<PropertyMap> {
    return this.#send("GET", "/version");
  }

  async get(target: Manifest): Promise<Manifest> {
    return this.#send("GET", await this.#path(target, nameOf(target)));
  }

  /** Objects of a kind by label selector, in one page: what one workload owns is few. */
  async listByLabels(apiVersion: string, kind: string, namespace: string, labels: PropertyMap): Promise<Manifest[]> {
    const selector = Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`);
    const path = await this.#path({ apiVersion, kind, metadata: { namespace } }, undefined);
    const list = await this.#send("GET", path, { labelSelector: selector.join(",") });
    return (Array.isArray(list.items) ? list.items : []) as Manifest[];
  }

  async post(manifest: Manifest, options: WriteOptions): Promise<Manifest> {
    return this.#send("POST", await this.#path(manifest, undefined), writeQuery(options), manifest, "application/json");
  }

  /** Server-side apply. `force` takes fields over from other managers. */
  async apply(manifest: Manifest, options: WriteOptions & { force: boolean }): Promise<Manifest> {
    const query = { ...writeQuery(options), force: String(options.force) };
    const path = await this.#path(manifest, nameOf(manifest));
    return this.#send("PATCH", path, query, manifest, "application/apply-patch+yaml");
  }

  async jsonPatch(target: Manifest, patch: PropertyValue[]): Promise<Manifest> {
    const path = await this.#path(target, nameOf(target));
    return this.#send("PATCH", path, {}, patch, "application/json-patch+json");
  }

  async remove(target: Manifest, propagationPolicy: string): Promise<void> {
    await this.#send("DELETE", await this.#path(target, nameOf(target)), { propagationPolicy });
  }

  async #path(target: Manifest, name: string | undefined): Promise<string> {
    const apiVersion = apiVersionOf(target);
    const resource = await this.resource(apiVersion, kindOf(target));
    if (!resource) {
      throw new ApiError(
        404,
        undefined,
        `the cluster has no kind ${kindOf(target)} in ${apiVersion}; a custom resource needs its definition first`,
      );
    }
    const namespace = resource.namespaced ? ["namespaces", namespaceOf(target) ?? "default"] : [];
    const parts = [...namespace, resource.name, ...(name === undefined ? [] : [name])];
    return `${this.apiVersionPath(apiVersion)}/${parts.map(encodeURIComponent).join("/")}`;
  }

  async #send(
    method: `${HttpMethod}`,
    path: string,
    query: Query = {},
    body?: PropertyValue,
    type?: string,
  ): Promise<PropertyMap> {
    const context = this.configuration.baseServer.makeRequestContext(path, method);
    for (const [key, value] of Object.entries(query)) if (value !== undefined) context.setQueryParam(key, value);
    if (body !== undefined) context.setBody(JSON.stringify(body));
    if (type !== undefined) context.setHeaderParam("Content-Type", type);
    context.setHeaderParam("Accept", "application/json");
    return (await this.requestPromise(context)) as unknown as PropertyMap;
  }

  protected override async requestPromise<T>(context: RequestContext): Promise<T> {
    context.setSignal(AbortSignal.timeout(REQUEST_TIMEOUT_MS));
    try {
      return (await super.requestPromise(context)) as T;
    } catch (error) {
      if (error instanceof ApiError) throw error;
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new ApiError(0, undefined, `no answer from ${new URL(context.getUrl()).origin}: ${cause}`);
    }
  }

  protected override async processResponse<T>(response: ResponseContext): Promise<T> {
    const text = await response.body.text();
    if (response.httpStatusCode >= 200 && response.httpStatusCode < 300) return JSON.parse(text) as T;
    throw new ApiError(response.httpStatusCode, parse(text), `HTTP ${response.httpStatusCode}: ${text.slice(0, 500)}`);
  }
}

function writeQuery(options: WriteOptions): Query {
  return { fieldManager: options.fieldManager, dryRun: options.dryRun ? "All" : undefined };
}

function parse(text: string): PropertyValue | undefined {
  try {
    return JSON.parse(text) as PropertyValue;
  } catch {
    return undefined;
  }
}
