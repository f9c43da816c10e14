import type { ResourceLog } from "../protocol/engineLog.ts";
import type { PropertyMap } from "../protocol/propertyValues.ts";
import type * as rpc from "../protocol/provider.ts";
import { checkInputs } from "./checkInputs.ts";
import { createObject } from "./createObject.ts";
import { deleteObject } from "./deleteObject.ts";
import { diffInputs } from "./diffInputs.ts";
import { parseProviderConfig, providerConfigFailures } from "./providerConfig.ts";
import { providerDiff } from "./providerDiff.ts";
import { readObject } from "./readObject.ts";
import type { Session } from "./session.ts";
import { markManifest } from "./state.ts";
import { updateObject } from "./updateObject.ts";

/** The stand-in for the official `pulumi-kubernetes`. The rules that it keeps, and where they're from: docs/providers.md. */
export class KubernetesProvider implements rpc.ResourceProvider {
  readonly version: string;
  #log: ResourceLog;
  #cancelled = new AbortController();
  #session: Session | undefined;

  constructor(version: string, log: ResourceLog) {
    this.version = version;
    this.#log = log;
  }

  async checkConfig(news: PropertyMap): Promise<rpc.CheckResponse> {
    return { inputs: news, failures: providerConfigFailures(news) };
  }

  async diffConfig(olds: PropertyMap, news: PropertyMap): Promise<rpc.DiffResponse> {
    return providerDiff(olds, news);
  }

  async configure(args: PropertyMap): Promise<void> {
    const config = parseProviderConfig(args);
    // The engine starts one more plugin that it never configures: that one needs no Kubernetes client.
    const { connect } = await import("./connection.ts");
    const connection = await connect(config);
    if (connection.unreachable !== undefined) {
      this.#log.log("warning", "", `the Kubernetes cluster can't be reached, a preview goes without it: ${connection.unreachable}`);
    }
    this.#session = { config, connection, log: this.#log, signal: this.#cancelled.signal };
  }

  async check(request: rpc.CheckRequest): Promise<rpc.CheckResponse> {
    const { cluster, defaultNamespace } = this.#configured.connection;
    const { inputs, failures } = await checkInputs(request, defaultNamespace, async (apiVersion, kind) =>
      cluster?.objects.isNamespaced(apiVersion, kind),
    );
    return { inputs: markManifest(inputs, request.news), failures };
  }

  async diff(request: rpc.DiffRequest): Promise<rpc.DiffResponse> {
    const { enableSecretMutable: secrets, enableConfigMapMutable: configMaps } = this.#configured.config;
    return diffInputs(request, { secrets, configMaps });
  }

  async create(request: rpc.CreateRequest): Promise<{ id: string; properties: PropertyMap }> {
    return createObject(this.#configured, request);
  }

  async read(request: rpc.ReadRequest): Promise<{ properties: PropertyMap; inputs: PropertyMap } | undefined> {
    return readObject(this.#configured, request);
  }

  async update(request: rpc.UpdateRequest): Promise<PropertyMap> {
    return updateObject(this.#configured, request);
  }

  async delete(request: rpc.DeleteRequest): Promise<void> {
    return deleteObject(this.#configured, request);
  }

  cancel(): void {
    this.#cancelled.abort();
  }

  get #configured(): Session {
    if (!this.#session) throw new Error("the Kubernetes provider isn't configured yet");
    return this.#session;
  }
}
