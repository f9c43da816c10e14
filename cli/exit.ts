import { kebab } from "./kebab.ts";

/** Exit codes of every command: 0 done, 1 a run or an operation failed, 78 the user's input is at fault (EX_CONFIG of sysexits.h), 130 interrupted. */
export const EXIT = { done: 0, failed: 1, config: 78, interrupted: 130 } as const;

/** The user stopped the command. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** Something the user has to change; the message says what, where and how. No stack trace is shown for it. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly exitCode: number = EXIT.config;
}

/** A command ran to its end, and what it ran did not succeed. The message is the last line on the screen. */
export class RunFailure extends Error {
  override readonly name = "RunFailure";
  readonly exitCode: number = EXIT.failed;
}

const carriesCode = (error: unknown): error is { exitCode: number } =>
  typeof error === "object" && error !== null && typeof (error as { exitCode?: unknown }).exitCode === "number";

/** The command-line parser's own complaint about a missing or malformed argument. */
const isUsageError = (error: unknown): boolean => error instanceof Error && error.name === "CLIError";

/** The exit code for whatever a command threw. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted || (error instanceof Error && error.name === "AbortError")) return EXIT.interrupted;
  if (isUsageError(error)) return EXIT.config;
  return carriesCode(error) ? error.exitCode : EXIT.failed;
}

/** What a person reads of an error: the message alone where the thrower meant it for people, the stack where nobody foresaw it. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The parser names options as the code does, and says nothing of a remedy.
  if (isUsageError(error)) return `rewardlab: ${error.message.replace(/--\w+/, kebab)}. Add --help to the verb for its options and an example.`;
  return error instanceof Interrupted || carriesCode(error) ? error.message : (error.stack ?? error.message);
}
