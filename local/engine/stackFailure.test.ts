import { expect, test } from "vitest";
import { ProblemCollector, StackFailure } from "./stackFailure.ts";

const diagnostic = (message: string, more = {}): any => ({ diagnosticEvent: { message, severity: "error", color: "never", ...more } });

test("errors are collected with the resource they're about, and echoes of them are not", () => {
  const collector = new ProblemCollector();
  const urn = "urn:pulumi:s::p::kubernetes:batch/v1:Job::run";
  collector.handle(diagnostic("<{%reset%}>Job n/run has failed<{%reset%}>\n", { urn }));
  collector.handle(diagnostic("update failed\n"));
  collector.handle(diagnostic("just so you know", { severity: "warning" }));
  collector.handle(diagnostic("0%", { ephemeral: true }));
  expect(collector.problems).toEqual([{ resource: "Job run", message: "Job n/run has failed" }]);
  expect(new StackFailure("up", "s", collector.problems, undefined).message).toBe(
    "up of the stack s failed\nJob run: Job n/run has failed",
  );
});
