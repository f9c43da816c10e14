import type { RunSpec } from "../images/runner/src/runSpec.ts";
import { toRunSpec } from "../components/config/runSpec.ts";
import { endpointsOf } from "../components/names.ts";
import { readRewardConfigs } from "../components/rewardConfig.ts";
import { PROJECT_ROOT } from "../components/settings.ts";

/** Arguments that component tests share. */

export const DIGEST = `registry.test/image@sha256:${"0".repeat(64)}`;

export const pool = {
  labels: { "rewardlab.dev/gpu-pool": "h100x2" }, cards: { label: "nvidia.com/gpu.product", names: ["NVIDIA-H100-NVL"] }, taints: ["nvidia.com/gpu"],
  preflight: { products: ["NVIDIA-H100-NVL"], teraflops: 200 }, pairsPerNode: 1, cpuPodsOnGpuNode: false,
};

export const server = {
  stack: "dev", namespace: "rewardlab-dev", image: DIGEST, secret: "rewardlab-env", keys: ["SYNTH_API_KEY", "ENVIRONMENT_API_KEY"] as const, pool,
  resources: { cpu: "2", memory: "8Gi" }, env: {}, sharedMemory: "2Gi", readyWithinMinutes: 45, pair: "pair-0", waits: false, hostRoot: "/var/lib/rewardlab", device: "cuda" as const,
  adapters: { kind: "node" } as const,
};

export const hubModel = { name: "Qwen/Qwen3-4B", source: { kind: "hub", revision: "main" }, maxModelLen: 8192, dtype: "bfloat16", cache: { kind: "node" } } as const;
export const folderModel = { name: "rewardlab/tiny", source: { kind: "directory", path: "/srv/model" }, maxModelLen: 2048, dtype: "float32", cache: { kind: "node" } } as const;

/** The spec of a shipped config. */
export function shippedSpec(attempt = 1): RunSpec {
  const { configs } = readRewardConfigs(["configs/crafter_rl_outcome.toml"], PROJECT_ROOT);
  return toRunSpec(configs[0]!, {
    name: "crafter-rl-outcome", stack: "dev", attempt, model: { name: "Qwen/Qwen3-4B", maxModelLen: 8192 }, maxLoraRank: 16, endpoints: endpointsOf("pair-0"), overrides: {}, taskUrl: {},
  }).spec!;
}

/** Variables of a container, by name. */
export function envOf(container: any): Record<string, any> {
  return Object.fromEntries(container.env.map(({ name, value, valueFrom }: any) => [name, value ?? valueFrom]));
}

/** Places of a container with the volumes that stand behind them. */
export function placesOf(pod: any, container = pod.containers[0]): Record<string, any> {
  return Object.fromEntries(container.volumeMounts.map(({ name, mountPath, readOnly }: any) => {
    const { name: _, ...volume } = pod.volumes.find((each: any) => each.name === name);
    return [mountPath, { ...volume, readOnly: readOnly ?? false }];
  }));
}
