import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { KubeConfig } from "@kubernetes/client-node";
import { Cluster } from "./cluster.ts";
import { Rounds } from "./rounds.ts";
import { readSettings } from "./settings.ts";

/** Shortest time between two looks. Looks that take long are rarer: they take a tenth of the time at most. */
const PERIOD_MS = 1000;
const SHARE = 10;
/** A request that is never answered ends the program, and the kubelet starts it again. */
const STUCK_MS = 60_000;
/** Written after each round that succeeded: the pod's probe looks for it. */
const SIGN_OF_LIFE = "/tmp/alive";

const say = (line: string) => process.stdout.write(`${new Date().toISOString()} ${line}\n`);
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(0));

const settings = readSettings(process.env);
const config = new KubeConfig();
config.loadFromCluster();
const rounds = new Rounds(new Cluster(config, settings), settings, say);

let trouble = "";
for (;;) {
  const begin = performance.now();
  const stuck = setTimeout(() => {
    say(`the API server has not answered for ${STUCK_MS / 1000} s`);
    process.exit(1);
  }, STUCK_MS);
  try {
    await rounds.once(new Date());
    if (trouble !== "") say("the API server answers again");
    trouble = "";
    writeFileSync(SIGN_OF_LIFE, "");
  } catch (error) {
    const words = (error instanceof Error ? error.message : String(error)).split("\n").slice(0, 4).join(" ");
    if (words !== trouble) say(`this round failed, the next one tries again: ${words}`);
    trouble = words;
  } finally {
    clearTimeout(stuck);
  }
  await sleep(Math.max(PERIOD_MS, SHARE * (performance.now() - begin)));
}
