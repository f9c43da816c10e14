import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { SecretName } from "./config/envKeys.ts";
import type { GpuPool } from "./gpuNodePool.ts";
import { PORTS, TASK_APP } from "./names.ts";
import { plainEnv, secretEnv, USER_ENV } from "./pod/env.ts";
import { cpuPlacement, resourcesOf } from "./pod/placement.ts";
import { serverProbes } from "./pod/probes.ts";
import { restrictedContainer } from "./pod/security.ts";
import { deploymentOf, mounted, type Server, serviceOf, timeoutsOf } from "./pod/server.ts";
import type { Resources } from "./pod/types.ts";
import { emptyFolder, scratch } from "./pod/volumes.ts";

export interface TaskAppArgs {
  stack: string;
  namespace: pulumi.Input<string>;
  /** With a digest. */
  image: pulumi.Input<string>;
  /** Name of the Secret, and the keys that it holds. */
  secret: string;
  keys: readonly SecretName[];
  pool: GpuPool;
  resources: Resources;
  /** Further settings of the program. */
  env: Readonly<Record<string, string>>;
}

/** Folder of the traces: one JSON Lines file a rollout, collected before the pod is gone. */
export const TRACE_FOLDER = "/traces/v3";

const READY_WITHIN_MINUTES = 10;
/** Keys that the program reads: its own, the inference server's, and those of the two proxies. */
const KEYS: readonly SecretName[] = ["ENVIRONMENT_API_KEY", "SYNTH_API_KEY", "GROQ_API_KEY", "OPENAI_API_KEY"];

/** The environment behind HTTP: plays episodes for the runs, asking each run's server for its decisions. */
export class TaskApp extends pulumi.ComponentResource {
  /** Address inside the namespace. */
  readonly url = `http://${TASK_APP}:${PORTS.taskApp}`;

  constructor(name: string, args: TaskAppArgs, opts?: pulumi.ComponentResourceOptions) {
    super("rewardlab:app:TaskApp", name, {}, opts);
    const server: Server = { name: TASK_APP, namespace: args.namespace, stack: args.stack, part: "task-app", port: PORTS.taskApp };
    const self = { parent: this };
    new k8s.apps.v1.Deployment(`${name}-deployment`, deploymentOf(server, podOf(args), READY_WITHIN_MINUTES),
      { ...self, customTimeouts: timeoutsOf(READY_WITHIN_MINUTES) });
    new k8s.core.v1.Service(`${name}-service`, serviceOf(server), self);
    this.registerOutputs({ url: this.url });
  }
}

function podOf(args: TaskAppArgs) {
  const { volumes, volumeMounts } = mounted([...scratch(), emptyFolder("traces", "/traces")]);
  return {
    ...cpuPlacement(args.pool),
    volumes,
    containers: [{
      name: "task-app",
      image: args.image,
      ports: [{ name: "http", containerPort: PORTS.taskApp }],
      env: [
        ...plainEnv({
          ...USER_ENV, TASKAPP_PORT: String(PORTS.taskApp), TASKAPP_TRACING_ENABLED: "1", TASKAPP_SFT_OUTPUT_DIR: TRACE_FOLDER,
          SQLD_DB_PATH: "/traces/synth_ai.db",
          ...args.env,
        }),
        ...KEYS.filter((key) => args.keys.includes(key)).map((key) => secretEnv(args.secret, key)),
      ],
      resources: resourcesOf(args.resources),
      volumeMounts,
      // `/` is the one route that needs no key.
      ...serverProbes({ port: PORTS.taskApp, health: "/", ready: "/", readyWithinMinutes: READY_WITHIN_MINUTES }),
      ...restrictedContainer(),
    }],
  };
}
