import grpc from "@grpc/grpc-js";
import anyProto from "google-protobuf/google/protobuf/any_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import { InitFailure } from "./initFailure.ts";
import { toStruct } from "./structs.ts";

/**
 * The gRPC error for what a provider threw. An `InitFailure` becomes a status with `ErrorResourceInitFailed` among its
 * details, in the trailer where Go's gRPC looks for them (`grpc-status-details-bin`).
 */
export function rpcError(error: unknown): grpc.ServiceError {
  const message = error instanceof Error ? error.message : String(error);
  const metadata = new grpc.Metadata();
  if (error instanceof InitFailure) metadata.add("grpc-status-details-bin", initFailureStatus(error));
  return Object.assign(new Error(message), { code: grpc.status.UNKNOWN, details: message, metadata });
}

function initFailureStatus(failure: InitFailure): Buffer {
  const detail = new providerProto.ErrorResourceInitFailed();
  detail.setId(failure.id);
  detail.setProperties(toStruct(failure.properties));
  detail.setReasonsList([failure.message, ...failure.reasons]);
  if (failure.inputs) detail.setInputs(toStruct(failure.inputs));
  const any = new anyProto.Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new statusProto.Status();
  status.setCode(grpc.status.UNKNOWN);
  status.setMessage(failure.message);
  status.addDetails(any);
  return Buffer.from(status.serializeBinary());
}
