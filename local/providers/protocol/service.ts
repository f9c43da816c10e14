import grpc from "@grpc/grpc-js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import { rpcError } from "./rpcError.ts";
import type { CheckRequest, CheckResponse, DiffResponse, ResourceProvider } from "./provider.ts";
import { toMap, toStruct } from "./structs.ts";

type Handler = (request: any) => Promise<unknown>;

/**
 * The gRPC face of a provider. Methods that aren't here answer UNIMPLEMENTED, which the engine takes as "has none".
 *
 * The SDK's own server (`@pulumi/pulumi/provider`) isn't used: it hands a provider neither its configuration nor the
 * preview flag, timeouts and ignored changes, and returns no detailed diff.
 */
export function service(provider: ResourceProvider): grpc.UntypedServiceImplementation {
  const handlers: Record<string, Handler> = {
    async getPluginInfo() {
      const info = new pluginProto.PluginInfo();
      info.setVersion(provider.version);
      return info;
    },
    async getSchema() {
      const schema = new proto.GetSchemaResponse();
      schema.setSchema("{}");
      return schema;
    },
    async checkConfig(request: InstanceType<typeof proto.CheckRequest>) {
      return checked(await provider.checkConfig(toMap(request.getNews())));
    },
    async diffConfig(request: InstanceType<typeof proto.DiffRequest>) {
      return diffed(await provider.diffConfig(toMap(request.getOldInputs() ?? request.getOlds()), toMap(request.getNews())));
    },
    async configure(request: InstanceType<typeof proto.ConfigureRequest>) {
      await provider.configure(toMap(request.getArgs()));
      const response = new proto.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      response.setSupportsAutonamingConfiguration(true);
      return response;
    },
    async check(request: InstanceType<typeof proto.CheckRequest>) {
      const olds = toMap(request.getOlds());
      return checked(
        await provider.check({
          urn: request.getUrn(),
          type: request.getType(),
          name: request.getName(),
          olds: Object.keys(olds).length > 0 ? olds : undefined,
          news: toMap(request.getNews()),
          randomSeed: request.getRandomseed_asU8(),
          autonaming: autonaming(request),
        }),
      );
    },
    async diff(request: InstanceType<typeof proto.DiffRequest>) {
      return diffed(
        await provider.diff({
          urn: request.getUrn(),
          type: request.getType(),
          id: request.getId(),
          olds: toMap(request.getOlds()),
          oldInputs: request.hasOldInputs() ? toMap(request.getOldInputs()) : undefined,
          news: toMap(request.getNews()),
          ignoreChanges: request.getIgnorechangesList(),
        }),
      );
    },
    async create(request: InstanceType<typeof proto.CreateRequest>) {
      const result = await provider.create({
        urn: request.getUrn(),
        type: request.getType(),
        inputs: toMap(request.getProperties()),
        timeoutSeconds: request.getTimeout(),
        preview: request.getPreview(),
      });
      const response = new proto.CreateResponse();
      response.setId(result.id);
      response.setProperties(toStruct(result.properties));
      return response;
    },
    async read(request: InstanceType<typeof proto.ReadRequest>) {
      const result = await provider.read({
        urn: request.getUrn(),
        type: request.getType(),
        id: request.getId(),
        state: toMap(request.getProperties()),
        inputs: request.hasInputs() ? toMap(request.getInputs()) : undefined,
      });
      const response = new proto.ReadResponse();
      if (!result) return response;
      response.setId(request.getId());
      response.setProperties(toStruct(result.properties));
      response.setInputs(toStruct(result.inputs));
      return response;
    },
    async update(request: InstanceType<typeof proto.UpdateRequest>) {
      const properties = await provider.update({
        urn: request.getUrn(),
        type: request.getType(),
        id: request.getId(),
        olds: toMap(request.getOlds()),
        oldInputs: request.hasOldInputs() ? toMap(request.getOldInputs()) : undefined,
        news: toMap(request.getNews()),
        timeoutSeconds: request.getTimeout(),
        ignoreChanges: request.getIgnorechangesList(),
        preview: request.getPreview(),
      });
      const response = new proto.UpdateResponse();
      response.setProperties(toStruct(properties));
      return response;
    },
    async delete(request: InstanceType<typeof proto.DeleteRequest>) {
      await provider.delete({
        urn: request.getUrn(),
        type: request.getType(),
        id: request.getId(),
        state: toMap(request.getProperties()),
        timeoutSeconds: request.getTimeout(),
      });
      return new emptyProto.Empty();
    },
    async cancel() {
      provider.cancel();
      return new emptyProto.Empty();
    },
  };
  return Object.fromEntries(Object.entries(handlers).map(([name, handler]) => [name, unary(handler)]));
}

function unary(handler: Handler): grpc.handleUnaryCall<unknown, unknown> {
  return (call, callback) => {
    handler(call.request).then(
      (response) => callback(null, response),
      (error: unknown) => callback(rpcError(error), null),
    );
  };
}

const MODES = ["propose", "enforce", "disable"] as const;

function autonaming(request: InstanceType<typeof proto.CheckRequest>): CheckRequest["autonaming"] {
  const options = request.getAutonaming();
  if (!options) return undefined;
  return { mode: MODES[options.getMode()] ?? "propose", proposedName: options.getProposedName() };
}

function checked(result: CheckResponse): unknown {
  const response = new proto.CheckResponse();
  response.setInputs(toStruct(result.inputs));
  response.setFailuresList(
    result.failures.map(({ property, reason }) => {
      const failure = new proto.CheckFailure();
      failure.setProperty(property);
      failure.setReason(reason);
      return failure;
    }),
  );
  return response;
}

const KINDS = {
  add: [proto.PropertyDiff.Kind.ADD, proto.PropertyDiff.Kind.ADD_REPLACE],
  delete: [proto.PropertyDiff.Kind.DELETE, proto.PropertyDiff.Kind.DELETE_REPLACE],
  update: [proto.PropertyDiff.Kind.UPDATE, proto.PropertyDiff.Kind.UPDATE_REPLACE],
} as const;

function diffed(result: DiffResponse): unknown {
  const response = new proto.DiffResponse();
  const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
  response.setChanges(result.changes.size > 0 ? DIFF_SOME : DIFF_NONE);
  response.setHasdetaileddiff(true);
  response.setDeletebeforereplace(result.deleteBeforeReplace);
  for (const [path, { change, replace }] of result.changes) {
    const property = new proto.PropertyDiff();
    property.setKind(KINDS[change][replace ? 1 : 0]);
    property.setInputdiff(true);
    response.getDetaileddiffMap().set(path, property);
    response.addDiffs(path);
    if (replace) response.addReplaces(path);
  }
  return response;
}
