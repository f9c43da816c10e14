/** What is wrong with an input, where, and what to write instead. */
export interface Problem {
  /** The file as the user named it, or "stack settings". */
  file: string;
  /** Dotted key, for example training.batch_size. */
  path?: string;
  /** 1-based position in the file, where it is known. */
  line?: number;
  column?: number;
  what: string;
  write: string;
}

/** `file:line:column key: what; write` on one line. */
export function formatProblem(problem: Problem): string {
  const place = [problem.file, problem.line, problem.line && problem.column].filter(Boolean).join(":");
  return `${place}${problem.path ? ` ${problem.path}` : ""}: ${problem.what}. ${problem.write}`;
}

/** Every problem of every input, thrown once; a program that ends on it exits with 78. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly exitCode = 78;
  /** Pulumi's language host prints the message of an error with this mark, without a stack, as it does for its RunError. */
  readonly __pulumiRunError = true;
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const distinct = problems.filter((problem, index) => problems.findIndex((other) => formatProblem(other) === formatProblem(problem)) === index);
    const ordered = distinct.sort((a, b) => a.file.localeCompare(b.file) || (a.line ?? 0) - (b.line ?? 0));
    super(`${ordered.length} problem${ordered.length === 1 ? "" : "s"} in the configuration; nothing was changed\n`
      + ordered.map((problem) => `  ${formatProblem(problem)}`).join("\n"));
    this.problems = ordered;
  }
}

/** Throws if there is a problem. */
export function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new ConfigError(problems);
}
