/** The two ways in which a run ends badly; each says what happened and what to do. */

/** The run itself failed: exit code 1, written as run.failed. Starting it again unchanged would only fail again. */
export class RunFailure extends Error {
  readonly remedy: string;

  constructor(reason: string, remedy: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = "RunFailure";
    this.remedy = remedy;
  }
}

/** The run can't even be what it was asked to be (spec, keys, models that don't fit): exit code 78. */
export class ConfigError extends RunFailure {
  constructor(reason: string, remedy: string, options?: ErrorOptions) {
    super(reason, remedy, options);
    this.name = "ConfigError";
  }
}
