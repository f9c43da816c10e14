import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { RunSpec } from "../images/runner/src/runSpec.ts";
import type { GpuPool } from "./gpuNodePool.ts";
import { LABEL, labelsOf, RUN_BUDGET, TURN_GATE } from "./names.ts";
import { fieldEnv, plainEnv, secretEnv, USER_ENV } from "./pod/env.ts";
import { cpuPlacement, resourcesOf } from "./pod/placement.ts";
import { restrictedContainer, restrictedPod } from "./pod/security.ts";
import { mounted } from "./pod/server.ts";
import type { Resources } from "./pod/types.ts";
import { keysFor } from "./results/place.ts";
import { type Mounted, scratch } from "./pod/volumes.ts";

export interface RewardJobArgs {
  namespace: pulumi.Input<string>;
  /** Name of the pair that it runs on. */
  pair: string;
  /** Of the runner, with a digest. */
  image: pulumi.Input<string>;
  /** Name of the Secret. */
  secret: string;
  pool: GpuPool;
  /** Everything the run needs to know; it holds no secret. */
  spec: RunSpec;
  /** After so long the cluster ends the Job; the run ends itself before, while it can still measure and say why. */
  deadlineMinutes: number;
  resources: Resources;
}

/** Exit codes that no restart would mend: 1, the run itself failed; 78, its configuration is wrong. */
const FINAL_EXIT_CODES = [1, 78];
/** Pods that may die of something else (killed, out of memory); each next one resumes at the last finished step. */
const RESTARTS = 3;
const SPEC_FILE = "run.json";
const ANNOTATION = "rewardlab.dev/config-sha256";

/**
 * One run: a Job and the ConfigMap with its resolved spec. The name of both is made up by the engine, so a changed spec is
 * a new ConfigMap and with it a new Job, and no other run's Job changes.
 *
 * An update does not wait for the Job (training takes hours, and would hold the stack locked), and nothing removes a
 * finished one: a Job that vanished by itself would be made, and trained, again by the next update.
 *
 * Its pods wait at a gate until the pair controller lets them through, when the servers of the pair are ready. Until then it
 * suspends the Job, so that the deadline waits too; the field is the controller's alone, and stands in no input here.
 */
export class RewardJob extends pulumi.ComponentResource {
  /** Name of the Job in the cluster. */
  readonly jobName: pulumi.Output<string>;

  constructor(name: string, args: RewardJobArgs, opts?: pulumi.ComponentResourceOptions) {
    super("rewardlab:runs:RewardJob", name, {}, opts);
    const spec = this.configMap(name, args);
    const job = this.job(name, args, spec);
    this.jobName = job.metadata.name;
    this.registerOutputs({ jobName: this.jobName });
  }

  private configMap(name: string, { namespace, spec }: RewardJobArgs): k8s.core.v1.ConfigMap {
    return new k8s.core.v1.ConfigMap(`${name}-spec`, {
      metadata: { namespace, labels: labelsOf({ stack: spec.stack, part: "run", run: spec.name }), annotations: { [ANNOTATION]: spec.config.sha256 } },
      immutable: true,
      data: { [SPEC_FILE]: `${JSON.stringify(spec, null, 2)}\n` },
    }, { parent: this });
  }

  private job(name: string, args: RewardJobArgs, configMap: k8s.core.v1.ConfigMap): k8s.batch.v1.Job {
    const { spec, namespace, pair, deadlineMinutes } = args;
    const labels = labelsOf({ stack: spec.stack, part: "run", run: spec.name });
    return new k8s.batch.v1.Job(name, {
      // The bill asks for the pair. Not a label of the pod: those of pairs are found by it, and a changed one replaces the Job.
      metadata: { namespace, labels: { ...labels, [LABEL.pair]: pair }, annotations: { "pulumi.com/skipAwait": "true", [ANNOTATION]: spec.config.sha256 } },
      spec: {
        backoffLimit: RESTARTS,
        activeDeadlineSeconds: deadlineMinutes * 60,
        // Two runners of one run would write one run's versions: the next pod waits until the last one has ended.
        podReplacementPolicy: "Failed",
        podFailurePolicy: {
          rules: [
            { action: "FailJob", onExitCodes: { containerName: "runner", operator: "In", values: FINAL_EXIT_CODES } },
            { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
          ],
        },
        template: { metadata: { labels }, spec: podOf(args, configMap.metadata.name) },
      },
      // A GPU's adapter slots are counted for one Job a run, so the old one goes first; `attempt` alone starts it again.
    }, { parent: this, deleteBeforeReplace: true, replacementTrigger: spec.attempt });
  }
}

function podOf(args: RewardJobArgs, configMap: pulumi.Input<string>) {
  const spec: Mounted = { volume: { name: "spec", configMap: { name: configMap } }, mount: { name: "spec", mountPath: "/spec", readOnly: true } };
  // Of a fixed name, so that a changed budget reaches the run that goes on and starts none again. Optional, since the engine replaces it.
  const budget: Mounted = {
    volume: { name: "budget", configMap: { name: RUN_BUDGET.name, optional: true } }, mount: { name: "budget", mountPath: "/budget", readOnly: true },
  };
  const { volumes, volumeMounts } = mounted([...scratch(), spec, budget]);
  return {
    ...restrictedPod(),
    ...cpuPlacement(args.pool),
    schedulingGates: [{ name: TURN_GATE }],
    restartPolicy: "Never",
    volumes,
    containers: [{
      name: "runner",
      image: args.image,
      env: [
        ...plainEnv({ ...USER_ENV, RUN_SPEC_PATH: `/spec/${SPEC_FILE}`, RUN_BUDGET_PATH: `/budget/${RUN_BUDGET.file}` }),
        // The pods of one Job continue one run; a new Job, of a changed config or a further attempt, starts afresh.
        fieldEnv("JOB_UID", "metadata.labels['batch.kubernetes.io/controller-uid']"),
        ...(["SYNTH_API_KEY", "ENVIRONMENT_API_KEY", ...keysFor(args.spec.results)] as const).map((key) => secretEnv(args.secret, key)),
      ],
      resources: resourcesOf(args.resources),
      volumeMounts,
      ...restrictedContainer(),
    }],
  };
}
