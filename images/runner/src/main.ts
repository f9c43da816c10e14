import { ConfigError } from "./failure.ts";
import { EXIT, run, Stopped } from "./run.ts";
import { readSettings, type Settings } from "./settings.ts";

/** The program of a reward Job: reads its settings, runs, and ends with an exit code that the Job's policy understands. */
const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort(new Stopped(signal)));

function settingsOrNull(): Settings | null {
  try {
    return readSettings(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(`ERROR - ${error.message}\nWhat to do: ${error.remedy}`);
    return null;
  }
}

const settings = settingsOrNull();
// process.exit, not exitCode: aborted connections and idle keep-alive sockets must not keep the pod alive.
process.exit(settings === null ? EXIT.config : await run(settings, process.stdout, stop.signal));
