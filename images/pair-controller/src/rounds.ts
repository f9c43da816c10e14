import { isDeepStrictEqual } from "node:util";
import type { Cluster } from "./cluster.ts";
import { type Action, decide, type Memory, NOTHING } from "./decide.ts";
import { keep } from "./ledger.ts";
import { type PodUsage, usageOf } from "./podUsage.ts";
import type { ControllerSettings } from "./settings.ts";
import { snapshotOf } from "./snapshot.ts";

/** Looks at the namespace and does what is to be done, again and again. */
export class Rounds {
  readonly #cluster: Cluster;
  readonly #settings: ControllerSettings;
  readonly #say: (line: string) => void;
  #memory: Memory = NOTHING;
  /** As it was read or written last; nobody else writes it. */
  #ledger: PodUsage[] | null = null;

  constructor(cluster: Cluster, settings: ControllerSettings, say: (line: string) => void) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#say = say;
  }

  /** One round. What a pod held is written down before it is ended. Throws the API's error; the next round begins anew. */
  async once(now: Date): Promise<void> {
    const found = await this.#cluster.look();
    await this.#remember(found.pods.flatMap((pod) => usageOf(pod, this.#settings) ?? []), now);
    const { actions, memory } = decide(snapshotOf(found, this.#settings), this.#memory, now, this.#settings);
    this.#memory = memory;
    for (const action of actions) if (await this.#cluster.act(action)) this.#say(lineOf(action));
  }

  async #remember(seen: readonly PodUsage[], now: Date): Promise<void> {
    const known = (this.#ledger ??= await this.#cluster.ledger());
    const kept = keep(known, seen, now);
    if (!isDeepStrictEqual(kept, known)) await this.#cluster.saveLedger(kept);
    this.#ledger = kept;
  }
}

function lineOf(action: Action): string {
  const what = action.kind === "scale" ? `${action.deployment} to ${action.replicas}` : action.kind === "admit" ? action.pod : action.job;
  return `${action.kind} ${what}: ${action.why}`;
}
