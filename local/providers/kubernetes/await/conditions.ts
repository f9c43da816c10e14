import { listAt, type Manifest, stringAt } from "../manifest.ts";

export interface Condition {
  status: string;
  reason: string;
  message: string;
}

/** The condition of this type in an object's status, if its controller has set it. */
export function condition(manifest: Manifest, type: string): Condition | undefined {
  const found = listAt(manifest, "status", "conditions").find((item) => stringAt(item, "type") === type);
  if (found === undefined) return undefined;
  return {
    status: stringAt(found, "status") ?? "Unknown",
    reason: stringAt(found, "reason") ?? "",
    message: stringAt(found, "message") ?? "",
  };
}

export function isConditionTrue(manifest: Manifest, type: string): boolean {
  return condition(manifest, type)?.status === "True";
}

/** `[ProgressDeadlineExceeded] ReplicaSet "x" has timed out progressing.` */
export function conditionText({ reason, message }: Condition): string {
  return reason ? `[${reason}] ${message}`.trim() : message;
}
