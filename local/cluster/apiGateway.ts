import { connect } from "node:net";
import type { LocalContext } from "../context.ts";
import { startDaemon } from "../daemon/daemon.ts";
import type { Toolchain } from "../toolchain/toolchain.ts";
import type { Layout } from "./layout.ts";
import type { ClusterSettings } from "./settings.ts";

/**
 * Lets pods reach the API server, which listens on the loopback alone: the address that its Service leads to is the node's, on the
 * pods' bridge, which nothing outside of this machine reaches. etcd's own TCP proxy passes bytes on; who asks must still show a token.
 */
export async function startApiGateway({ nodeAddress, ports }: ClusterSettings, layout: Layout, toolchain: Toolchain, ctx: LocalContext): Promise<void> {
  await startDaemon(
    {
      name: "api-gateway",
      command: toolchain.binaries.etcd,
      args: ["gateway", "start", `--listen-addr=${nodeAddress}:${ports.apiServer}`, `--endpoints=127.0.0.1:${ports.apiServer}`],
      ready: () => answers(nodeAddress, ports.apiServer),
      readyWithinSeconds: 30,
    },
    layout,
    ctx,
  );
}

/** Whether somebody takes a connection. */
function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (taken: boolean) => {
      socket.destroy();
      resolve(taken);
    };
    socket.once("connect", () => end(true)).once("error", () => end(false));
  });
}
