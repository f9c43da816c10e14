import { flushCompileCache } from "node:module";
import grpc from "@grpc/grpc-js";
import providerService from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { EngineLog, type ResourceLog } from "./engineLog.ts";
import type { ResourceProvider } from "./provider.ts";
import { service } from "./service.ts";

/** Property bags hold whole images' worth of manifest in the worst case; the engine's own limit is the same 400 MB. */
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;

/** How soon a plugin notices that the engine was killed and couldn't end it. */
const ORPHAN_CHECK_MS = 1000;

/**
 * Runs a provider as a Pulumi plugin: listens on a free loopback port and prints the port as the only line on stdout,
 * which is how the engine finds it. The engine ends the process when it's done; when the engine dies, it ends by itself.
 *
 * `args` is the command line after the script: the engine's address, perhaps after flags that start with a dash.
 */
export async function serve(args: string[], make: (log: ResourceLog) => ResourceProvider): Promise<void> {
  const engineAddress = args.find((argument) => !argument.startsWith("-") && argument.includes(":"));
  if (!engineAddress) {
    throw new Error("This is a Pulumi plugin; the Pulumi engine starts it and passes its own address as the argument.");
  }
  const server = new grpc.Server({ "grpc.max_receive_message_length": MAX_MESSAGE_BYTES });
  server.addService(providerService.ResourceProviderService, service(make(new EngineLog(engineAddress))));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  // The engine kills its plugins, so that Node's compile cache (see the launcher) would never be written on exit.
  flushCompileCache();
  const engine = process.ppid;
  setInterval(() => {
    if (process.ppid !== engine) process.exit(1);
  }, ORPHAN_CHECK_MS);
  process.stdout.write(`${port}\n`);
}
