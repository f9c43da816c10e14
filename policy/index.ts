import { PolicyPack } from "@pulumi/policy";
import { plannedOf } from "./preview.ts";
import { RULES, STACK_RULES } from "./rules.ts";

/** The pack as Pulumi runs it: `pulumi preview --policy-pack policy`. What the rules say is in rules/, a file each. */
new PolicyPack("rewardlab", {
  enforcementLevel: "mandatory",
  policies: [
    ...RULES.map(({ name, description, remedy, check }) => ({
      name, description,
      validateResource: (args: { type: string; name: string; props: Record<string, unknown> }, report: (message: string) => void) => {
        for (const what of check(plannedOf(args))) report(`${what}. ${remedy}`);
      },
    })),
    ...STACK_RULES.map(({ name, description, remedy, check }) => ({
      name, description,
      validateStack: (args: { resources: { type: string; name: string; urn: string; props: Record<string, unknown> }[] }, report: (message: string, urn?: string) => void) => {
        const urns = new Map(args.resources.map((resource) => [plannedOf(resource), resource.urn]));
        for (const { object, what } of check([...urns.keys()])) report(`${what}. ${remedy}`, urns.get(object));
      },
    })),
  ],
});
