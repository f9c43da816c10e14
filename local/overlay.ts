import type { StackOverlay } from "../components/settings/schema.ts";
import { defaultSettings } from "./cluster/settings.ts";

/** What the embedded stack's settings cannot know before its machine part runs. */
export interface EmbeddedFacts {
  kubeconfig: string;
  context: string;
  clusterIdentifier: string;
  nodeName: string;
  /** Folder on the node, which is this machine, for adapters. */
  hostRoot: string;
  /** Folder of the tiny model; null where the stack's file names a model of its own. */
  modelPath: string | null;
  registry: string;
  dockerHost: string;
  /** By digest. */
  baseImage: string;
  buildImage: string;
  mlBaseImage: string;
  envFile: string;
}

/** Of clusters everywhere, and of the embedded one. */
const API_PORTS = [443, 6443, defaultSettings.ports.apiServer];

/** The facts laid over Pulumi.local.yaml; the program is the same as on any cluster. */
export function embeddedOverlay(facts: EmbeddedFacts): StackOverlay {
  return {
    envFile: facts.envFile,
    hostRoot: facts.hostRoot,
    cluster: { kubeconfig: facts.kubeconfig, context: facts.context, identifier: facts.clusterIdentifier, apiPorts: API_PORTS },
    gpu: { nodes: [facts.nodeName] },
    ...(facts.modelPath !== null && { model: { source: { kind: "directory", path: facts.modelPath } } }),
    images: {
      registry: `${facts.registry}/rewardlab`,
      dockerHost: facts.dockerHost,
      runner: { base: facts.baseImage, buildArgs: { BUILD_IMAGE: facts.buildImage } },
      store: { base: facts.baseImage },
      pairController: { base: facts.baseImage, buildArgs: { BUILD_IMAGE: facts.buildImage } },
      // One base for all that is Python: its gigabytes are on the node once.
      taskApp: { base: facts.mlBaseImage },
      trainer: { base: facts.mlBaseImage },
      vllm: { reference: facts.mlBaseImage },
    },
  };
}

/**
 * Facts of the right shape for checking a stack's configuration before anything of it exists.
 *
 * @param ownModel the stack's file names a model of its own
 */
export function factsForCheck(envFile: string, ownModel = false): EmbeddedFacts {
  const reference = "127.0.0.1:5000/rewardlab/base:check";
  return {
    kubeconfig: "/kubeconfig", context: "check", clusterIdentifier: "check", nodeName: "check", hostRoot: "/check",
    // A folder that is there for certain: the tiny model is made later, and nobody is to miss it now.
    modelPath: ownModel ? null : "/",
    registry: "127.0.0.1:5000", dockerHost: "unix:///check", baseImage: reference, buildImage: reference, mlBaseImage: reference, envFile,
  };
}
