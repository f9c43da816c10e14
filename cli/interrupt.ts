import { Interrupted } from "./exit.ts";

/**
 * An AbortSignal that Ctrl-C and a polite kill abort. The first one lets the command stop in order; a second one ends it
 * on the spot, since a user who presses twice means it, and the next start cleans up.
 */
export function interruptSignal(onFirst: (signal: string) => void): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      onFirst(name);
      controller.abort(new Interrupted(`Stopped by ${name}. Run the same command again: it goes on from what is there.`));
    });
  }
  return controller.signal;
}
