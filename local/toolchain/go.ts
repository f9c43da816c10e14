import { run } from "../command.ts";

/** A Go toolchain of this machine. */
export interface Go {
  path: string;
  /** As `1.26.8`. */
  version: string;
}

/** `sudo` and service managers leave the place out of PATH where Go's own instructions put it. */
const CANDIDATES = ["go", "/usr/local/go/bin/go"];

/** The first Go that runs, or undefined. */
export async function findGo(signal?: AbortSignal, candidates: string[] = CANDIDATES): Promise<Go | undefined> {
  for (const path of candidates) {
    try {
      const answer = await run("env", ["GOTOOLCHAIN=local", path, "env", "GOVERSION"], { cwd: "/", signal });
      const version = /^go(\d+\.\d+(?:\.\d+)?)/.exec(answer)?.[1];
      if (version !== undefined) return { path, version };
    } catch {
      signal?.throwIfAborted();
    }
  }
  return undefined;
}

/** Whether a Go version is the same as or newer than the one needed; both as `1.26` or `1.26.8`. */
export function isAtLeast(version: string, needed: string): boolean {
  const [have, want] = [version, needed].map((text) => text.split(".").map((part) => Number.parseInt(part, 10)));
  for (let i = 0; i < 3; i++) {
    const difference = (have?.[i] ?? 0) - (want?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
