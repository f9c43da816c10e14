import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Access } from "../collect/access.ts";
import { REQUIRED_KEYS } from "../components/config/envKeys.ts";
import { ConfigError } from "../components/config/problem.ts";
import { certificatesOfEnvironment, folders, mirrorOfEnvironment, PROJECT_ROOT } from "../components/settings.ts";
import type { StackOverlay } from "../components/settings/schema.ts";
import { inventory } from "../local/cluster/cluster.ts";
import { layout } from "../local/cluster/layout.ts";
import { processesWith } from "../local/cluster/strays.ts";
import { endProcess } from "../local/daemon/process.ts";
import { type EmbeddedOptions, startEmbedded, stopEmbedded } from "../local/embedded.ts";
import { engineHome } from "../local/engine/runStack.ts";
import { ensureGeneratedSecrets, type GeneratedSecrets } from "../local/generatedSecrets.ts";
import { REGISTRY } from "../local/images/baseImages.ts";
import { embeddedOverlay } from "../local/overlay.ts";
import { preflight, problemLine } from "../local/preflight.ts";
import { tidyImages } from "../local/tidyImages.ts";
import { ensureToolchain, type Toolchain } from "../local/toolchain/toolchain.ts";
import { heldLines } from "./clusterInventory.ts";
import type { VerbContext } from "./command.ts";
import { demandNoneElsewhere } from "./contextState.ts";
import { forgetOtherCluster } from "./embedded.ts";
import { EMBEDDED } from "./embeddedName.ts";
import type { EngineStack } from "./engineStack.ts";
import { UserError } from "./exit.ts";
import { hasOwnModel, planLocal } from "./localPlan.ts";
import { sayNotices } from "./notices.ts";
import type { PhaseClock } from "./phaseClock.ts";
import { roomNeeded } from "./room.ts";
import type { StackSession } from "./stackSession.ts";
import { accessOf, optionsFor } from "./target.ts";

/** The embedded stack as the verbs of the command line use it. */
export class EmbeddedSession implements StackSession {
  readonly stack = EMBEDDED;
  readonly options = optionsFor({ stack: EMBEDDED });
  readonly teardown = "destroying the stack, stopping the cluster";
  readonly cleaned = "no process, mount, interface, firewall rule, cgroup or file is left outside the cache folder";
  readonly #context: VerbContext;
  readonly #options: EmbeddedOptions;

  constructor(context: VerbContext) {
    this.#context = context;
    this.#options = {
      root: PROJECT_ROOT, ...folders(), secretKeys: Object.keys(REQUIRED_KEYS), certificates: certificatesOfEnvironment(), mirrorUrl: mirrorOfEnvironment(),
    };
  }

  get #local() {
    return { progress: this.#context.screen.line, signal: this.#context.signal };
  }

  /** Refuses everything that can be refused before anything is created. Returns the names of the stack's runs. */
  async check(): Promise<string[]> {
    const { cacheDir, stateDir } = this.#options;
    const problems = preflight({ cacheDir, stateDir, needGiB: roomNeeded(cacheDir), ports: [{ port: Number(REGISTRY.split(":")[1]), use: "the image registry" }] });
    const plan = await planLocal(this.#options).then((local) => local.plan, (error: unknown) => {
      if (error instanceof ConfigError) return error;
      throw error;
    });
    // Machine and configuration are judged together: whoever mends one should not learn of the other a start later.
    if (problems.length > 0) {
      const lines = ["The embedded stack cannot run here; nothing was changed.", ...problems.map((problem) => `  ${problemLine(problem)}`)];
      throw new UserError([...lines, ...(plan instanceof ConfigError ? [plan.message] : [])].join("\n"));
    }
    if (plan instanceof ConfigError) throw plan;
    sayNotices(plan, this.#context.screen);
    return plan.runs.map(({ spec }) => spec.name);
  }

  /** Brings up tools, node, images and model, and forgets the state of a cluster that is gone. */
  async start(clock: PhaseClock): Promise<EngineStack> {
    const options = { ...this.#options, ownModel: hasOwnModel() };
    const { facts, toolchain, secrets } = await startEmbedded(options, this.#local, (phase, what, work) => clock.time(phase, what, work));
    const afterUp = () => tidyImages({ ...this.#options, toolchain }, facts, this.#local);
    const stack = { ...this.#engine(embeddedOverlay(facts), toolchain, secrets), afterUp };
    await forgetOtherCluster(stack, facts.clusterIdentifier, this.#options.stateDir, this.#context);
    return stack;
  }

  async running(): Promise<EngineStack> {
    const { cacheDir, stateDir, secretKeys } = this.#options;
    const toolchain = await ensureToolchain({ cacheDir, ...this.#local });
    return this.#engine({}, toolchain, await ensureGeneratedSecrets(stateDir, secretKeys));
  }

  access(): Access {
    return accessOf({ stack: EMBEDDED });
  }

  async held(): Promise<string[]> {
    const { kubeconfig } = layout(this.#options);
    if (!existsSync(kubeconfig)) return [];
    return heldLines(this.access().config, EMBEDDED, `kubectl --kubeconfig ${kubeconfig}`, this.#context.screen);
  }

  /** Ends node, engine and registry. Returns what cluster and machine still hold of the stack: nothing, or it is a fault. */
  async stop(): Promise<string[]> {
    // Asked while the cluster can answer; what a killed one held is gone with it.
    const held = await this.held().catch((error: unknown) => {
      this.#context.screen.line(`the cluster was not asked what it still has: ${(error as Error).message}`);
      return [];
    });
    // Once a teardown has begun it is finished: half a node is worse for the user than a few seconds' wait.
    await stopEmbedded(this.#options, { progress: this.#context.screen.line, signal: new AbortController().signal });
    return [...held, ...(await this.#left())];
  }

  /** Removes every trace outside the cache folder, of killed starts too. Throws an Error that lists what is left all the same. */
  async clean(): Promise<void> {
    demandNoneElsewhere(this.#options.stateDir);
    await stopEmbedded(this.#options, this.#local);
    // A killed engine takes its providers along, and leaves the program that holds the policies.
    for (const left of processesWith(`PULUMI_HOME=${engineHome(this.#engineFolder)}`)) await endProcess(left, 2);
    await rm(this.#options.stateDir, { recursive: true, force: true });
    const left = await this.#left();
    if (left.length > 0) throw new Error(`Left after the clean-up:\n${left.map((item) => `  ${item}`).join("\n")}`);
  }

  #engine(overlay: StackOverlay, { binaries }: Toolchain, { passphraseFile }: GeneratedSecrets): EngineStack {
    const { stateDir } = this.#options;
    return { name: EMBEDDED, overlay, workDir: this.#engineFolder, backendDir: join(stateDir, "pulumi"), passphraseFile, pulumiBinary: binaries.pulumi, kubeConfig: () => this.access().config };
  }

  get #engineFolder(): string {
    return join(this.#options.stateDir, "engine", EMBEDDED);
  }

  async #left(): Promise<string[]> {
    return (await inventory(this.#options)).map(({ kind, name }) => `${kind} ${name}`);
  }
}
