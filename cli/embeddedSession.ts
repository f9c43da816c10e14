import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REQUIRED_KEYS } from "../components/config/envKeys.ts";
import { formatNotice } from "../components/config/notices.ts";
import { ConfigError } from "../components/config/problem.ts";
import { certificatesOfEnvironment, folders, mirrorOfEnvironment, PROJECT_ROOT, readStackFile, readStackSettings } from "../components/settings.ts";
import { planStack, type StackPlan } from "../components/stackPlan.ts";
import { inventory } from "../local/cluster/cluster.ts";
import { type Embedded, type EmbeddedOptions, startEmbedded, stopEmbedded } from "../local/embedded.ts";
import { ensureGeneratedSecrets } from "../local/generatedSecrets.ts";
import { REGISTRY } from "../local/images/baseImages.ts";
import { modelProblems, namesModel } from "../local/model/ownModel.ts";
import { embeddedOverlay, factsForCheck } from "../local/overlay.ts";
import { ensureToolchain } from "../local/toolchain/toolchain.ts";
import { preflight, problemLine } from "../local/preflight.ts";
import type { VerbContext } from "./command.ts";
import { type EmbeddedStack, forgetOtherCluster } from "./embedded.ts";
import { EMBEDDED } from "./embeddedName.ts";
import { UserError } from "./exit.ts";
import type { PhaseClock } from "./phaseClock.ts";

/** Disk that a start needs, GiB: toolchain, environment and images once (measured: docs/images.md), little after that. */
const ROOM = { cold: { cache: 25, state: 2 }, warm: { cache: 2, state: 2 } };

/** The embedded stack as the verbs of the command line use it. */
export class EmbeddedSession {
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
    const needGiB = existsSync(join(cacheDir, "images", "bases.json")) ? ROOM.warm : ROOM.cold;
    const problems = preflight({ cacheDir, stateDir, needGiB, ports: [{ port: Number(REGISTRY.split(":")[1]), use: "the image registry" }] });
    const plan = await this.#plan().catch((error: unknown) => {
      if (error instanceof ConfigError) return error;
      throw error;
    });
    // Machine and configuration are judged together: whoever mends one should not learn of the other a start later.
    if (problems.length > 0) {
      const lines = ["The embedded stack cannot run here; nothing was changed.", ...problems.map((problem) => `  ${problemLine(problem)}`)];
      throw new UserError([...lines, ...(plan instanceof ConfigError ? [plan.message] : [])].join("\n"));
    }
    if (plan instanceof ConfigError) throw plan;
    for (const notice of plan.notices) this.#context.screen.line(`notice: ${formatNotice(notice)}`);
    return plan.runs.map(({ spec }) => spec.name);
  }

  /** Plans with the generated env file, or with a passing one like it, so that a start that is refused leaves nothing. */
  async #plan(): Promise<StackPlan> {
    const { stateDir, secretKeys } = this.#options;
    const passing = await mkdtemp(join(tmpdir(), "rewardlab-check-"));
    try {
      const { envFile } = await ensureGeneratedSecrets(existsSync(join(stateDir, "embedded.env")) ? stateDir : passing, secretKeys);
      const own = namesModel(readStackFile(EMBEDDED));
      const settings = readStackSettings(EMBEDDED, embeddedOverlay(factsForCheck(envFile, own)));
      return planStack(settings, EMBEDDED, PROJECT_ROOT, own ? modelProblems(settings.model.source, `Pulumi.${EMBEDDED}.yaml`) : []);
    } finally {
      await rm(passing, { recursive: true });
    }
  }

  /** Brings up tools, node, images and model, and forgets the state of a cluster that is gone. */
  async start(clock: PhaseClock): Promise<{ embedded: Embedded; stack: EmbeddedStack }> {
    const options = { ...this.#options, ownModel: namesModel(readStackFile(EMBEDDED)) };
    const embedded = await startEmbedded(options, this.#local, (phase, what, work) => clock.time(phase, what, work));
    const stack = {
      facts: embedded.facts, folders: folders(), pulumiBinary: embedded.toolchain.binaries.pulumi, passphraseFile: embedded.secrets.passphraseFile,
    };
    await forgetOtherCluster(stack, this.#context);
    return { embedded, stack };
  }

  /** The stack as it is up now, for an operation that runs no program and so needs no facts. */
  async running(): Promise<EmbeddedStack> {
    const { cacheDir, stateDir, secretKeys } = this.#options;
    const toolchain = await ensureToolchain({ cacheDir, ...this.#local });
    const { envFile, passphraseFile } = await ensureGeneratedSecrets(stateDir, secretKeys);
    return { facts: factsForCheck(envFile), folders: folders(), pulumiBinary: toolchain.binaries.pulumi, passphraseFile };
  }

  /** Ends node, engine and registry. Returns what the machine still holds of them: nothing, or it is a fault. */
  async stop(): Promise<string[]> {
    // Once a teardown has begun it is finished: half a node is worse for the user than a few seconds' wait.
    await stopEmbedded(this.#options, { progress: this.#context.screen.line, signal: new AbortController().signal });
    return this.#left();
  }

  /** Removes every trace outside the cache folder, of killed starts too. Throws an Error that lists what is left all the same. */
  async clean(): Promise<void> {
    await stopEmbedded(this.#options, this.#local);
    await rm(this.#options.stateDir, { recursive: true, force: true });
    const left = await this.#left();
    if (left.length > 0) throw new Error(`Left after the clean-up:\n${left.map((item) => `  ${item}`).join("\n")}`);
  }

  async #left(): Promise<string[]> {
    return (await inventory(this.#options)).map(({ kind, name }) => `${kind} ${name}`);
  }
}
