import { setTimeout as sleep } from "node:timers/promises";
import { AppsV1Api, KubeConfig } from "@kubernetes/client-node";
import { PAIR_CONTROLLER } from "../components/names.ts";
import { Cluster } from "../images/pair-controller/src/cluster.ts";
import { Rounds } from "../images/pair-controller/src/rounds.ts";
import { readSettings } from "../images/pair-controller/src/settings.ts";
import type { TestPlane } from "./testPlane.ts";

/** The pair controller's program in this process, with the rights and the settings that a stack's own has. */
export interface TestController {
  /** One round. Its clock is a minute further each time, so that what waits for a while has waited. */
  round: () => Promise<void>;
  /** Rounds until something is so. Throws, with what it has done so far, when it is not so within half a minute. */
  until: (what: string, isSo: () => Promise<boolean>) => Promise<void>;
  /** What it has said. */
  lines: string[];
}

/** Throws when the stack in this namespace has no pair controller. */
export async function controllerOf({ config, kubectl }: Pick<TestPlane, "config" | "kubectl">, namespace: string): Promise<TestController> {
  const deployment = await config.makeApiClient(AppsV1Api).readNamespacedDeployment({ namespace, name: PAIR_CONTROLLER });
  const settings = readSettings(Object.fromEntries(deployment.spec!.template.spec!.containers[0]!.env!.map(({ name, value }) => [name, value])));
  const { output: token } = await kubectl(["-n", namespace, "create", "token", PAIR_CONTROLLER]);
  const own = new KubeConfig();
  const server = { name: "c", server: config.getCurrentCluster()!.server, skipTLSVerify: true };
  own.loadFromOptions({ clusters: [server], users: [{ name: "u", token: token.trim() }], contexts: [{ name: "x", cluster: "c", user: "u" }], currentContext: "x" });
  const lines: string[] = [];
  const rounds = new Rounds(new Cluster(own, settings), settings, (line) => lines.push(line));
  let clock = Date.now();
  const round = () => rounds.once(new Date(clock += 60_000));
  return {
    round, lines,
    until: async (what, isSo) => {
      for (const limit = Date.now() + 30_000; Date.now() < limit; await sleep(200)) {
        await round();
        if (await isSo()) return;
      }
      throw new Error(`not so within half a minute: ${what}; the controller said:\n${lines.join("\n")}`);
    },
  };
}
