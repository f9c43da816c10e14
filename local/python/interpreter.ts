import { run } from "../command.ts";

/** The images' Python: wheels are made for one minor version, and the machine-learning layer is made from this machine's. */
export const PYTHON_MINOR = "3.11";

export interface Interpreter {
  /** The interpreter itself, not a version manager's shim. */
  path: string;
  /** For example `3.11.7`. */
  version: string;
}

/**
 * `python3.11`, else `python3` where that is 3.11.
 * Throws with the remedy when neither is, naming what was found.
 */
export async function findPython(signal?: AbortSignal, candidates = ["python3.11", "python3"]): Promise<Interpreter> {
  const found: string[] = [];
  for (const candidate of candidates) {
    const script = "import sys, ensurepip, venv; print(sys.executable); print('.'.join(map(str, sys.version_info[:3])))";
    const output = await run(candidate, ["-c", script], { signal }).catch((error: Error) => {
      signal?.throwIfAborted();
      found.push(`${candidate}: ${error.message.split("\n").at(-1)}`);
      return undefined;
    });
    if (output === undefined) continue;
    const [path, version] = output.trim().split("\n");
    if (path && version?.startsWith(`${PYTHON_MINOR}.`)) return { path, version };
    found.push(`${candidate}: version ${version}`);
  }
  throw new Error(
    `Python ${PYTHON_MINOR} with its venv module is needed (${found.join("; ")}). ` +
      `On Debian 12: apt-get install python${PYTHON_MINOR} python${PYTHON_MINOR}-venv; elsewhere pyenv install ${PYTHON_MINOR}`,
  );
}
