import type { Access } from "./access.ts";

/** The beginning of every line that the API gives with timestamps=true. */
const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d) /;

/**
 * Reads a container's log piece by piece. Polling by time instead of a follow stream: it goes on by itself when the API
 * server is away for a minute, and a follow stream of hours is cut by every proxy on the way.
 */
export class LogTail {
  /** Second (RFC 3339) of the newest line seen; the API's sinceTime has no finer grain. */
  #second: string | undefined;
  /** Lines of that second which were given out already. */
  #given = new Set<string>();

  /** The lines of `text` (as the API gives them with timestamps=true) that were not given out before, without their times. */
  take(text: string): string[] {
    const fresh: string[] = [];
    // A long line reaches the log in pieces; what has no end yet comes whole with the next call.
    for (const stamped of text.slice(0, text.lastIndexOf("\n") + 1).split("\n")) {
      // What has no time is the end of a line whose beginning is older than what was asked for: it was given out before.
      if (!STAMP.test(stamped)) continue;
      const space = stamped.indexOf(" ");
      const second = `${stamped.slice(0, 19)}Z`;
      if (this.#second !== undefined && second < this.#second) continue;
      if (second === this.#second && this.#given.has(stamped)) continue;
      if (second !== this.#second) this.#given.clear();
      this.#second = second;
      this.#given.add(stamped);
      fresh.push(stamped.slice(space + 1));
    }
    return fresh;
  }

  /** Asks the API for what came since the last call. Throws its ApiException when it cannot be read. */
  async read({ core, namespace }: Access, pod: string, container: string): Promise<string[]> {
    const text = await core.readNamespacedPodLog({
      namespace, name: pod, container, timestamps: true,
      ...(this.#second === undefined ? {} : { sinceTime: new Date(this.#second) }),
    });
    return this.take(text ?? "");
  }
}
