import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import { expect, test } from "vitest";
import { InitFailure } from "./initFailure.ts";
import { rpcError } from "./rpcError.ts";

test("an init failure carries the object's id, state and reasons in the trailer that Go reads", () => {
  const failure = new InitFailure("Job x has failed", { id: "ns/x", properties: { kind: "Job" }, reasons: ["pod x: boom"] });
  const [trailer] = rpcError(failure).metadata.get("grpc-status-details-bin");
  const status = statusProto.Status.deserializeBinary(trailer as Buffer);
  const [detail] = status.getDetailsList();
  expect(detail!.getTypeName()).toBe("pulumirpc.ErrorResourceInitFailed");
  const parsed = providerProto.ErrorResourceInitFailed.deserializeBinary(detail!.getValue_asU8());
  expect(parsed.getId()).toBe("ns/x");
  expect(parsed.getProperties()!.toJavaScript()).toEqual({ kind: "Job" });
  expect(parsed.getReasonsList()).toEqual(["Job x has failed", "pod x: boom"]);
});

test("any other error carries its message and no trailer, so that nothing is recorded", () => {
  const error = rpcError(new Error("no"));
  expect(error.details).toBe("no");
  expect(error.metadata.get("grpc-status-details-bin")).toEqual([]);
});
