import { run } from "../command.ts";
import type { Toolchain } from "../toolchain/toolchain.ts";
import type { Layout } from "./layout.ts";

/** Runs a kubectl command against the embedded cluster and resolves to its output. */
export type Kubectl = (args: string[], input?: string) => Promise<string>;

export function kubectlFor(layout: Layout, toolchain: Toolchain, signal?: AbortSignal): Kubectl {
  const common = [`--kubeconfig=${layout.kubeconfig}`, `--cache-dir=${layout.kubectlCache}`, "--request-timeout=10s"];
  return (args, input) => run(toolchain.binaries.kubectl, [...common, ...args], { input, signal });
}
