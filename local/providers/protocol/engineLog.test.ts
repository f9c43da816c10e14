import grpc from "@grpc/grpc-js";
import engineService from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EngineLog } from "./engineLog.ts";

let server: grpc.Server;
let address: string;
let received: string[];

beforeEach(async () => {
  received = [];
  server = new grpc.Server();
  server.addService(engineService.EngineService, {
    log: (call: grpc.ServerUnaryCall<any, unknown>, answer: grpc.sendUnaryData<unknown>) => {
      received.push(call.request.getMessage());
      setTimeout(() => answer(null, new emptyProto.Empty()), 20);
    },
  } as grpc.UntypedServiceImplementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  address = `127.0.0.1:${port}`;
});

afterEach(() => server.forceShutdown());

test("lines arrive in order, and of waiting statuses only the last one does", async () => {
  const log = new EngineLog(address);
  log.log("info", "urn:a", "first");
  log.status("urn:a", "10%");
  log.status("urn:a", "20%");
  log.status("urn:a", "30%");
  log.log("warning", "urn:a", "last");
  await vi.waitFor(() => expect(received).toEqual(["first", "30%", "last"]), 5000);
});
