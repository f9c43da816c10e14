import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { RunBudget as Budget } from "../images/runner/src/runBudget.ts";
import type { Deadline } from "./budget/deadline.ts";
import { labelsOf, RUN_BUDGET } from "./names.ts";

export interface RunBudgetArgs {
  stack: string;
  namespace: pulumi.Input<string>;
  deadline: Deadline;
}

/**
 * How long runs may go on, for the runs themselves: each ends before its deadline, with a last evaluation, where its Job
 * would only be killed. Its name is fixed and runs mount it by that name: a budget that changes reaches the runs that go on,
 * and starts none again.
 */
export class RunBudget extends pulumi.ComponentResource {
  constructor(name: string, { stack, namespace, deadline }: RunBudgetArgs, opts?: pulumi.ComponentResourceOptions) {
    super("rewardlab:runs:RunBudget", name, {}, opts);
    const budget: Budget = { version: 1, seconds: deadline.runMinutes * 60, limit: deadline.limit };
    new k8s.core.v1.ConfigMap(`${name}-config`, {
      metadata: { name: RUN_BUDGET.name, namespace, labels: labelsOf({ stack }) },
      data: { [RUN_BUDGET.file]: JSON.stringify(budget) },
    }, { parent: this, deleteBeforeReplace: true });
    this.registerOutputs({});
  }
}
