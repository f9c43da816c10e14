import type { V1Node } from "@kubernetes/client-node";
import { accessTo, type Access } from "../collect/access.ts";
import { namespaceOf } from "../components/names.ts";
import { folders, mirrorOfEnvironment, readStackSettings } from "../components/settings.ts";
import type { StackOverlay, StackSettings } from "../components/settings/schema.ts";
import { planStack, type StackPlan } from "../components/stackPlan.ts";
import { hasOfficial } from "../local/engine/plugins.ts";
import { ensurePulumi } from "../local/toolchain/toolchain.ts";
import { heldLines } from "./clusterInventory.ts";
import { type ClusterFacts, lookAt } from "./clusterLink.ts";
import type { VerbContext } from "./command.ts";
import { ContextState } from "./contextState.ts";
import { EMBEDDED } from "./embeddedName.ts";
import { type EngineStack, OFFICIAL_PLUGINS, runEngine } from "./engineStack.ts";
import { RunFailure, UserError } from "./exit.ts";
import { poolProblem } from "./gpuPool.ts";
import { CUT_CONTEXT, type KubeContext } from "./kubeContext.ts";
import { planLocal } from "./localPlan.ts";
import { LocalSupplies } from "./localSupplies.ts";
import { releaseTaints } from "./nodeTaints.ts";
import { sayNotices } from "./notices.ts";
import type { PhaseClock } from "./phaseClock.ts";
import { missingKinds } from "./poolKinds.ts";
import { demandPush } from "./registry/demandPush.ts";
import type { StackSession } from "./stackSession.ts";
import { storageProblem } from "./storage.ts";
import { contextOf, optionsFor } from "./target.ts";

/**
 * A stack on the cluster that a context of the user's kubeconfig names, run by this program's own engine, with its state on
 * this machine. The cluster itself is the user's: it is never started, stopped or cleaned, and no node's status is changed.
 */
export class ContextSession implements StackSession {
  readonly stack: string;
  readonly options: string;
  readonly teardown = "destroying the stack; the cluster stays";
  readonly cleaned: string;
  readonly #verb: VerbContext;
  readonly #context: KubeContext;
  readonly #state: ContextState;
  readonly #supplies: LocalSupplies | null;
  #facts: ClusterFacts | null = null;
  #nodeName = "";

  /** Throws UserError or ConfigError when there is no such stack file, kubeconfig or context. */
  constructor(stack: string, context: string, verb: VerbContext) {
    if (process.platform !== "linux") {
      throw new UserError("--context runs this program's own Pulumi engine, which needs Linux. Elsewhere use the Pulumi command line: README.md, On a cluster of your own.");
    }
    this.stack = stack;
    this.options = optionsFor({ stack, context });
    this.cleaned = `nothing of stack ${stack} is left on context ${context}`;
    this.#verb = verb;
    this.#context = contextOf(stack, context);
    this.#state = new ContextState(folders().stateDir, stack);
    this.#supplies = stack === EMBEDDED ? new LocalSupplies(this.#local, `${this.#state.folder}/node`) : null;
  }

  get #local() {
    return { progress: this.#verb.screen.line, signal: this.#verb.signal };
  }

  async check(): Promise<string[]> {
    const { settings, plan } = await this.#plan();
    demandBuilder(settings);
    const { nodes } = await this.#reach();
    await this.#demandPool(nodes, settings);
    const storage = await storageProblem(this.#context.config, settings.results, this.stack);
    if (storage !== null) throw new UserError(`context ${this.#context.name}: ${storage}. Nothing was changed.`);
    this.#supplies?.demandMachine();
    // The registry of the stack local is this program's own, and may not be up yet.
    if (this.#supplies === null) await demandPush(settings, { logins: hasOfficial("docker", OFFICIAL_PLUGINS), say: this.#verb.screen.line });
    sayNotices(plan, this.#verb.screen);
    return plan.runs.map(({ spec }) => spec.name);
  }

  async start(clock: PhaseClock): Promise<EngineStack> {
    const { uid, apiPorts } = await this.#reach();
    const pulumiBinary = await clock.time("toolchain", "the Pulumi engine", () => this.#pulumi());
    this.#state.prepare(this.#context.content);
    const cluster = { kubeconfig: this.#state.kubeconfig, context: CUT_CONTEXT, uid };
    const overlay = this.#supplies === null
      ? { cluster: { kubeconfig: cluster.kubeconfig, context: cluster.context, identifier: uid, apiPorts: await this.#apiPorts(apiPorts) } }
      : await this.#supplies.start(clock, { ...cluster, nodeName: this.#nodeName });
    return {
      ...this.#engine(overlay, pulumiBinary),
      beforeUp: () => this.#state.record({ uid, context: this.#context.name }),
      // A look leaves nothing.
      afterwards: () => { if (this.#state.cluster === null) this.#state.remove(); },
    };
  }

  async running(): Promise<EngineStack | null> {
    await this.#reach();
    if (this.#state.cluster === null) return null;
    this.#state.prepare(this.#context.content);
    return this.#engine({}, await this.#pulumi());
  }

  access(): Access {
    return accessTo(this.#context.config, namespaceOf(this.stack));
  }

  held(): Promise<string[]> {
    return heldLines(this.#context.config, this.stack, `kubectl --context ${this.#context.name}`, this.#verb.screen);
  }

  async stop(): Promise<string[]> {
    await this.#supplies?.stop();
    await releaseTaints(this.#context.config, this.#verb.screen);
    const left = await this.held();
    if (left.length === 0) this.#state.remove();
    return left;
  }

  async clean(): Promise<void> {
    const stack = await this.running();
    if (stack !== null) await runEngine(stack, "destroy", this.#verb);
    const left = await this.stop();
    if (left.length === 0) return;
    const items = left.map((item) => `  ${item}`).join("\n");
    throw new RunFailure(`Left on context ${this.#context.name}, and not in this machine's state; each with the command that removes it:\n${items}`);
  }

  /** Those of the stack's file, and those that the cluster has: without them the pair controller could not reach it. */
  async #apiPorts(found: readonly number[]): Promise<number[]> {
    const { settings } = await this.#plan();
    return [...new Set([...settings.cluster.apiPorts, ...found])];
  }

  #pulumi(): Promise<string> {
    const mirrorUrl = mirrorOfEnvironment();
    return ensurePulumi({ cacheDir: folders().cacheDir, ...(mirrorUrl === undefined ? {} : { mirrorUrl }), ...this.#local });
  }

  #engine(overlay: StackOverlay, pulumiBinary: string): EngineStack {
    const { engine, backend, passphrase } = this.#state;
    return { name: this.stack, overlay, workDir: engine, backendDir: backend, passphraseFile: passphrase, pulumiBinary, kubeConfig: () => this.#context.config };
  }

  async #plan(): Promise<{ settings: StackSettings; plan: StackPlan }> {
    if (this.#supplies !== null) return planLocal(this.#supplies);
    const settings = readStackSettings(this.stack, { cluster: { identifier: "check" } });
    return { settings, plan: planStack(settings, this.stack) };
  }

  /** Asks the cluster who it is, once. Throws when it doesn't answer, or when the stack is on another one. */
  async #reach(): Promise<ClusterFacts> {
    this.#verb.signal.throwIfAborted();
    if (this.#facts !== null) return this.#facts;
    this.#verb.screen.line(`context ${this.#context.name}: asking the cluster at ${this.#context.server}`);
    const facts = await lookAt(this.#context);
    this.#state.demandSameCluster({ uid: facts.uid, context: this.#context.name });
    return (this.#facts = facts);
  }

  /**
   * Throws UserError when no node can take a pair, since its pods would wait until their deadline and nobody would learn why; or, where
   * nodes are made when pods ask for them, when the cluster can't make any.
   */
  async #demandPool(nodes: readonly V1Node[], { gpu, queue }: StackSettings): Promise<void> {
    const missing = await missingKinds(this.#context.config, { backend: gpu.backend, queue: queue !== undefined });
    if (missing !== null) throw new UserError(`context ${this.#context.name}: ${missing}. Nothing was changed.`);
    if (gpu.backend !== "existing") return;
    if (this.#supplies !== null) this.#nodeName = this.#supplies.chooseNode(nodes, this.#context.name, gpu);
    const problem = poolProblem(nodes, this.#supplies === null ? gpu : { ...gpu, nodes: [this.#nodeName] });
    if (problem !== null) throw new UserError(`context ${this.#context.name}: ${problem}.\nMend gpu in Pulumi.${this.stack}.yaml or the nodes (README.md, On a cluster of your own). Nothing was changed.`);
  }
}

/** Throws UserError for builds that the stand-in for the Docker plugin cannot do, before anything is made. */
function demandBuilder({ images }: StackSettings): void {
  const built = (["taskApp", "runner", "pairController", "trainer", "vllm"] as const).filter((name) => "base" in images[name]);
  if (built.length === 0 || images.builder === "BuilderV1" || hasOfficial("docker", OFFICIAL_PLUGINS)) return;
  throw new UserError([
    `images.builder is ${images.builder}, and images.${built.join(", images.")} would be built: the official Docker plugin, which can, is not installed. Nothing was changed.`,
    "Write images.builder: BuilderV1 for the classic builder, give references in place of bases, or install the plugin: pulumi plugin install resource docker 5.2.0",
  ].join("\n"));
}
