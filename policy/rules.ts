import type { Planned, Rule, StackRule } from "./planned.ts";
import { enforcedLevel } from "./rules/enforcedLevel.ts";
import { gpuPool } from "./rules/gpuPool.ts";
import { gpuRequests } from "./rules/gpuRequests.ts";
import { imageDigests } from "./rules/imageDigests.ts";
import { labels } from "./rules/labels.ts";
import { noLoadBalancer } from "./rules/noLoadBalancer.ts";
import { requests } from "./rules/requests.ts";
import { restricted } from "./rules/restricted.ts";
import { secretLiterals } from "./rules/secretLiterals.ts";

/** Every rule of the pack. */
export const RULES: readonly Rule[] = [gpuRequests, imageDigests, secretLiterals, requests, noLoadBalancer, restricted, labels];
export const STACK_RULES: readonly StackRule[] = [gpuPool, enforcedLevel];

/** A rule that an object breaks. */
export interface Violation {
  type: string;
  name: string;
  rule: string;
  what: string;
  remedy: string;
}

/** What all rules say of a stack's objects. */
export function violationsOf(objects: readonly Planned[]): Violation[] {
  const single = objects.flatMap((object) => RULES.flatMap((rule) => rule.check(object).map((what) => violation(object, rule, what))));
  return [...single, ...STACK_RULES.flatMap((rule) => rule.check(objects).map(({ object, what }) => violation(object, rule, what)))];
}

const violation = ({ type, name }: Planned, { name: rule, remedy }: Pick<Rule, "name" | "remedy">, what: string): Violation => ({ type, name, rule, what, remedy });
