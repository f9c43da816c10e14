import { ApiException, AppsV1Api, BatchV1Api, CoreV1Api, type KubeConfig, PatchStrategy, setHeaderOptions, type V1Deployment, type V1Job, type V1Pod } from "@kubernetes/client-node";
import type { Action } from "./decide.ts";
import { readLedger, writeLedger } from "./ledger.ts";
import type { PodUsage } from "./podUsage.ts";
import type { ControllerSettings } from "./settings.ts";

const FIELD_MANAGER = "rewardlab-pair-controller";
const MERGE = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);

/** The namespace as the API server has it: what this program reads there and what it changes. Methods throw the API's error. */
export class Cluster {
  readonly #core: CoreV1Api;
  readonly #apps: AppsV1Api;
  readonly #batch: BatchV1Api;
  readonly #settings: ControllerSettings;

  constructor(config: KubeConfig, settings: ControllerSettings) {
    this.#core = config.makeApiClient(CoreV1Api);
    this.#apps = config.makeApiClient(AppsV1Api);
    this.#batch = config.makeApiClient(BatchV1Api);
    this.#settings = settings;
  }

  /** Jobs before pods: a Job that is seen without a pod then has none, or one that is as new as this look. */
  async look(): Promise<{ deployments: V1Deployment[]; jobs: V1Job[]; pods: V1Pod[] }> {
    const { namespace, labels } = this.#settings;
    const deployments = await this.#apps.listNamespacedDeployment({ namespace, labelSelector: labels.pair });
    const jobs = await this.#batch.listNamespacedJob({ namespace, labelSelector: labels.run });
    const pods = await this.#core.listNamespacedPod({ namespace, labelSelector: labels.part });
    return { deployments: deployments.items, jobs: jobs.items, pods: pods.items };
  }

  async ledger(): Promise<PodUsage[]> {
    const { namespace, ledger: name } = this.#settings;
    return readLedger((await this.#core.readNamespacedConfigMap({ namespace, name })).data);
  }

  async saveLedger(pods: readonly PodUsage[]): Promise<void> {
    const { namespace, ledger: name } = this.#settings;
    await this.#core.patchNamespacedConfigMap({ namespace, name, fieldManager: FIELD_MANAGER, body: { data: writeLedger(pods) } }, MERGE);
  }

  /** Does one action. False when the object has changed or gone meanwhile: the next look decides anew. */
  async act(action: Action): Promise<boolean> {
    try {
      await this.#patch(action);
      return true;
    } catch (error) {
      if (error instanceof ApiException && [404, 409].includes(error.code)) return false;
      throw error;
    }
  }

  async #patch(action: Action): Promise<unknown> {
    const { namespace, gate, parked } = this.#settings;
    const common = { namespace, fieldManager: FIELD_MANAGER };
    switch (action.kind) {
      case "scale":
        return this.#apps.patchNamespacedDeploymentScale({ ...common, name: action.deployment, body: { spec: { replicas: action.replicas } } }, MERGE);
      case "admit": {
        const { spec } = await this.#core.readNamespacedPod({ namespace, name: action.pod });
        const others = (spec!.schedulingGates ?? []).filter(({ name }) => name !== gate);
        return this.#core.patchNamespacedPod({ ...common, name: action.pod, body: { spec: { schedulingGates: others.length > 0 ? others : null } } }, MERGE);
      }
      case "park":
      case "start": {
        const park = action.kind === "park";
        const metadata = { resourceVersion: action.version, annotations: { [parked]: park ? "true" : null } };
        return this.#batch.patchNamespacedJob({ ...common, name: action.job, body: { metadata, spec: { suspend: park } } }, MERGE);
      }
    }
  }
}
