import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { describeUrn } from "./names.ts";
import { plainText } from "./resourceProgress.ts";

/** A resource broke a rule of the policy pack. The exit code is that of a wrong input: nothing but the input can mend it. */
export class PolicyViolations extends Error {
  override readonly name = "PolicyViolations";
  readonly exitCode = 78;

  constructor(violations: readonly string[], nothingMade: boolean) {
    const count = `${violations.length} violation${violations.length === 1 ? "" : "s"} of the stack's policies`;
    super(`${count} (docs/guard-rails.md)${nothingMade ? "; nothing was changed" : ""}\n${violations.map((each) => `  ${each}`).join("\n")}`);
  }
}

/** Collects the violations that the engine reports, each with its resource, rule, and remedy. */
export class PolicyCollector {
  readonly violations: string[] = [];

  handle({ policyEvent }: EngineEvent): void {
    if (policyEvent?.enforcementLevel !== "mandatory") return;
    const resource = policyEvent.resourceUrn ? `${describeUrn(policyEvent.resourceUrn)}: ` : "";
    const line = `${resource}${policyEvent.policyName}: ${violationText(policyEvent.message)}`;
    if (!this.violations.includes(line)) this.violations.push(line);
  }
}

/** Pulumi puts a policy's description on a line before what the policy reported. */
function violationText(message: string): string {
  return plainText(message).split("\n").map((line) => line.trim()).filter(Boolean).at(-1) ?? "";
}
