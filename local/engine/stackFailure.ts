import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { describeUrn } from "./names.ts";
import { plainText } from "./resourceProgress.ts";

/** One thing that went wrong; `resource` is empty when it isn't about one. */
export interface StackProblem {
  resource: string;
  message: string;
}

/** An operation on a stack failed. What it did until then stands in the state, and the next run goes on from there. */
export class StackFailure extends Error {
  readonly problems: StackProblem[];

  constructor(operation: string, stackName: string, problems: StackProblem[], cause: unknown) {
    const lines = problems.map(({ resource, message }) => (resource ? `${resource}: ${message}` : message));
    super(`${operation} of the stack ${stackName} failed\n${lines.join("\n") || String(cause)}`, { cause });
    this.name = "StackFailure";
    this.problems = problems;
  }
}

/** Collects what the engine reports as errors. */
export class ProblemCollector {
  #problems: StackProblem[] = [];

  handle(event: EngineEvent): void {
    const diagnostic = event.diagnosticEvent;
    if (!diagnostic || diagnostic.ephemeral || diagnostic.severity !== "error") return;
    const message = plainText(diagnostic.message);
    // The stack's own diagnostic only repeats that something below it failed.
    if (message === "update failed" || message === "preview failed" || message === "destroy failed") return;
    this.#problems.push({ resource: diagnostic.urn ? describeUrn(diagnostic.urn) : "", message });
  }

  get problems(): StackProblem[] {
    return this.#problems;
  }
}
