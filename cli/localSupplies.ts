import { existsSync } from "node:fs";
import type { V1Node } from "@kubernetes/client-node";
import { REQUIRED_KEYS } from "../components/config/envKeys.ts";
import { certificatesOfEnvironment, folders, PROJECT_ROOT } from "../components/settings.ts";
import type { StackOverlay } from "../components/settings/schema.ts";
import { layout } from "../local/cluster/layout.ts";
import type { LocalContext } from "../local/context.ts";
import { type EmbeddedOptions, startSupplies } from "../local/embedded.ts";
import { ensureGeneratedSecrets } from "../local/generatedSecrets.ts";
import { REGISTRY, stopImageServices } from "../local/images/baseImages.ts";
import { machineFacts } from "../local/machineFacts.ts";
import { embeddedOverlay } from "../local/overlay.ts";
import { problemLine, problemsOf } from "../local/preflight.ts";
import { EMBEDDED } from "./embeddedName.ts";
import { UserError } from "./exit.ts";
import { addressesHere, fits, nodesHere } from "./gpuPool.ts";
import { hasOwnModel } from "./localPlan.ts";
import type { PhaseClock } from "./phaseClock.ts";
import { roomNeeded } from "./room.ts";

/**
 * What the stack `local` takes from this machine whatever its cluster: a registry on the loopback with images made here, a
 * model in a folder of the cache, generated keys. So its nodes must be this machine.
 */
export class LocalSupplies {
  readonly #options: EmbeddedOptions;
  readonly #local: LocalContext;
  /** Folder for adapters. */
  readonly #hostRoot: string;

  constructor(local: LocalContext, hostRoot: string) {
    this.#local = local;
    this.#hostRoot = hostRoot;
    this.#options = { root: PROJECT_ROOT, ...folders(), secretKeys: Object.keys(REQUIRED_KEYS), certificates: certificatesOfEnvironment() };
  }

  get stateDir(): string {
    return this.#options.stateDir;
  }

  get secretKeys(): readonly string[] {
    return this.#options.secretKeys;
  }

  /** Throws UserError when this machine cannot make and hold the images; what a node of our own would need does not count. */
  demandMachine(): void {
    const use = "the image registry";
    const { cacheDir, stateDir } = this.#options;
    const facts = machineFacts({ cacheDir, stateDir, needGiB: roomNeeded(cacheDir), ports: [{ port: Number(REGISTRY.split(":")[1]), use }] });
    const takenPorts = facts.takenPorts.filter((port) => port.use === use);
    const problems = problemsOf({ ...facts, takenPorts, missingControllers: [], foreignNodes: [], foreignStateDirs: [], overlappingRoutes: [] });
    if (problems.length > 0) throw new UserError(["The images of the stack local cannot be made here; nothing was changed.", ...problems.map((problem) => `  ${problemLine(problem)}`)].join("\n"));
  }

  /** The node on this machine that the pair is to run on. Throws UserError when the cluster has no node here. */
  chooseNode(nodes: readonly V1Node[], context: string, gpu: Parameters<typeof fits>[1]): string {
    const here = nodesHere(nodes, addressesHere());
    if (here.length === 0) {
      throw new UserError([
        `The stack "${EMBEDDED}" pulls its images from ${REGISTRY} on this machine and reads its model from a folder of it, and no node of context "${context}" is this machine (no InternalIP of a node is an address of it). Nothing was changed.`,
        "Write a stack file of your own, with images.registry (or references) that the nodes reach and a hub model, and run: npm start -- --context " + `${context} --stack NAME (README.md, On a cluster of your own)`,
      ].join("\n"));
    }
    return (here.find((node) => fits(node, gpu)) ?? here[0]!).metadata!.name!;
  }

  /** Lays over the stack file what these supplies are, once they are there. */
  async start(clock: PhaseClock, cluster: { kubeconfig: string; context: string; uid: string; nodeName: string }): Promise<StackOverlay> {
    const { envFile } = await ensureGeneratedSecrets(this.#options.stateDir, this.#options.secretKeys);
    const supplies = await startSupplies({ ...this.#options, ownModel: hasOwnModel() }, this.#local, (phase, what, work) => clock.time(phase, what, work));
    const { kubeconfig, context, uid, nodeName } = cluster;
    return embeddedOverlay({ ...supplies, kubeconfig, context, clusterIdentifier: uid, nodeName, hostRoot: this.#hostRoot, envFile });
  }

  /** Ends registry and engine, unless the embedded node of this state folder pulls from them. */
  async stop(): Promise<void> {
    if (!existsSync(layout(this.#options).kubeconfig)) await stopImageServices(this.#options, this.#local);
  }
}
