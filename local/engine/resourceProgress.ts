import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { describeUrn } from "./names.ts";

/** An operation shorter than this isn't worth a line. */
const QUIET_SECONDS = 2;
/** A long one is reported again this often. */
const REPEAT_SECONDS = 15;

const DOING: Record<string, [doing: string, done: string]> = {
  create: ["creating", "created"],
  "create-replacement": ["creating the new", "created the new"],
  update: ["updating", "updated"],
  delete: ["deleting", "deleted"],
  "delete-replaced": ["deleting the old", "deleted the old"],
  read: ["reading", "read"],
  refresh: ["refreshing", "refreshed"],
  import: ["importing", "imported"],
};

interface Running {
  operation: string;
  started: number;
  nextReport: number;
  status: string;
}

/**
 * Turns the engine's events into lines for the user: one when an operation on a resource takes over two seconds, again
 * while it lasts, and one when it ends. Times are in seconds, from any clock.
 */
export class ResourceProgress {
  #running = new Map<string, Running>();
  #done = 0;

  /** Lines that this event calls for. */
  handle(event: EngineEvent, now: number): string[] {
    if (event.resourcePreEvent) {
      const { op, urn, type } = event.resourcePreEvent.metadata;
      const isCustom = (event.resourcePreEvent.metadata.new ?? event.resourcePreEvent.metadata.old)?.custom === true;
      if (DOING[op] && isCustom && !type.startsWith("pulumi:")) this.#running.set(urn, { operation: op, started: now, nextReport: now + QUIET_SECONDS, status: "" });
    } else if (event.resOutputsEvent) {
      return this.#end(event.resOutputsEvent.metadata.urn, now, true);
    } else if (event.resOpFailedEvent) {
      return this.#end(event.resOpFailedEvent.metadata.urn, now, false);
    } else if (event.diagnosticEvent?.ephemeral && event.diagnosticEvent.urn) {
      const running = this.#running.get(event.diagnosticEvent.urn);
      if (running) running.status = plainText(event.diagnosticEvent.message);
    }
    return [];
  }

  /** Lines that are due by now. */
  tick(now: number): string[] {
    const lines: string[] = [];
    for (const [urn, running] of this.#running) {
      if (now < running.nextReport) continue;
      running.nextReport = now + REPEAT_SECONDS;
      const status = running.status ? `: ${running.status}` : "";
      lines.push(`${DOING[running.operation]![0]} ${describeUrn(urn)}, ${seconds(now - running.started)}${status} ${this.#counts}`);
    }
    return lines;
  }

  #end(urn: string, now: number, succeeded: boolean): string[] {
    const running = this.#running.get(urn);
    if (!running) return [];
    this.#running.delete(urn);
    this.#done += 1;
    const took = now - running.started;
    const [doing, done] = DOING[running.operation]!;
    if (!succeeded) return [`${doing} ${describeUrn(urn)} failed after ${seconds(took)} ${this.#counts}`];
    return took >= QUIET_SECONDS ? [`${done} ${describeUrn(urn)} in ${seconds(took)} ${this.#counts}`] : [];
  }

  get #counts(): string {
    return `(${this.#done} done, ${this.#running.size} under way)`;
  }
}

/** A message without Pulumi's colour tags. */
export function plainText(message: string): string {
  return message.replaceAll(/<\{%.*?%\}>/g, "").trim();
}

function seconds(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} s`;
}
