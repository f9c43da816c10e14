import grpc from "@grpc/grpc-js";
import engineService from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineProto from "@pulumi/pulumi/proto/engine_pb.js";

export type Severity = "debug" | "info" | "warning" | "error";

/** Where a provider tells the user something about a resource. */
export interface ResourceLog {
  /** A line that stays. */
  log(severity: Severity, urn: string, message: string): void;
  /** What is going on now; the next one takes its place. */
  status(urn: string, message: string): void;
}

const SEVERITIES = {
  debug: engineProto.LogSeverity.DEBUG,
  info: engineProto.LogSeverity.INFO,
  warning: engineProto.LogSeverity.WARNING,
  error: engineProto.LogSeverity.ERROR,
};

/** The engine's log service. A line that can't be delivered is dropped: the engine is gone then, and so is its user. */
export class EngineLog implements ResourceLog {
  #client: InstanceType<typeof engineService.EngineClient>;

  constructor(address: string) {
    this.#client = new engineService.EngineClient(address, grpc.credentials.createInsecure());
  }

  log(severity: Severity, urn: string, message: string): void {
    this.#send(severity, urn, message, false);
  }

  status(urn: string, message: string): void {
    this.#send("info", urn, message, true);
  }

  #send(severity: Severity, urn: string, message: string, ephemeral: boolean): void {
    const request = new engineProto.LogRequest();
    request.setSeverity(SEVERITIES[severity]);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(ephemeral);
    this.#client.log(request, () => {});
  }
}
