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

/**
 * The engine's log service. Lines arrive in the order they're given; of the statuses of one resource that wait to be sent,
 * only the last is. A line that can't be delivered is dropped: the engine is gone then, and so is its user.
 */
export class EngineLog implements ResourceLog {
  #client: InstanceType<typeof engineService.EngineClient>;
  #sent: Promise<void> = Promise.resolve();
  #waiting = new Map<string, string>();

  constructor(address: string) {
    this.#client = new engineService.EngineClient(address, grpc.credentials.createInsecure());
  }

  log(severity: Severity, urn: string, message: string): void {
    this.#sent = this.#sent.then(() => this.#send(severity, urn, message, false));
  }

  status(urn: string, message: string): void {
    const isQueued = this.#waiting.has(urn);
    this.#waiting.set(urn, message);
    if (isQueued) return;
    this.#sent = this.#sent.then(() => {
      const latest = this.#waiting.get(urn) ?? "";
      this.#waiting.delete(urn);
      return this.#send("info", urn, latest, true);
    });
  }

  #send(severity: Severity, urn: string, message: string, ephemeral: boolean): Promise<void> {
    const request = new engineProto.LogRequest();
    request.setSeverity(SEVERITIES[severity]);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(ephemeral);
    return new Promise((resolve) => this.#client.log(request, () => resolve()));
  }
}
