import type { ResourceLog } from "../protocol/engineLog.ts";
import { isPatch } from "./annotations.ts";
import type { Cluster } from "./await/waiter.ts";
import type { Connection } from "./connection.ts";
import type { Manifest } from "./manifest.ts";
import type { ProviderConfig } from "./providerConfig.ts";

/** A configured provider. */
export interface Session {
  config: ProviderConfig;
  connection: Connection;
  log: ResourceLog;
  /** Aborted when the user cancels. */
  signal: AbortSignal;
}

/** What an operation on one resource needs to know. */
export interface Operation {
  cluster: Cluster;
  config: ProviderConfig;
  /** A `…Patch` resource: it owns some fields of an object that isn't its own. */
  isPatch: boolean;
  /** Ask the server what would happen, and keep nothing. */
  preview: boolean;
  /** From the resource's `customTimeouts`; 0 without. */
  customTimeout: number;
  signal: AbortSignal;
  /** Says what is going on now. */
  status(message: string): void;
}

interface Request {
  urn: string;
  type: string;
  preview?: boolean;
  timeoutSeconds?: number;
}

/** Throws when the cluster can't be reached. */
export function operation(session: Session, request: Request, manifest: Manifest): Operation {
  const { config, connection, log, signal } = session;
  if (!connection.cluster) throw new Error(`the Kubernetes cluster can't be reached: ${connection.unreachable}`);
  return {
    cluster: connection.cluster,
    config,
    isPatch: isPatch(request.type, manifest),
    preview: request.preview ?? false,
    customTimeout: request.timeoutSeconds ?? 0,
    signal,
    status: (message) => log.status(request.urn, message),
  };
}
