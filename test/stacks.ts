import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dumpYaml, loadYaml } from "@kubernetes/client-node";
import program from "../index.ts";
import { type Recording, record } from "./record.ts";

const root = join(import.meta.dirname, "..");

/** Values that stand nowhere else: where one turns up in clear, a secret has leaked. */
export const SENTINELS = { SYNTH_API_KEY: "sentinel-synth-3c1f", ENVIRONMENT_API_KEY: "sentinel-environment-9a7e", OPENAI_API_KEY: "sentinel-openai-51d0" };

/** An env file with the sentinels; equal values are one file, so that runs of the tests don't pile files up. */
export function envFile(values: Record<string, string> = SENTINELS): string {
  const text = Object.entries(values).map(([key, value]) => `${key}=${value}\n`).join("");
  const folder = join(tmpdir(), "rewardlab-test-env");
  const path = join(folder, createHash("sha256").update(text).digest("hex").slice(0, 12));
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  // Whole or absent: tests beside this one read the same file.
  const own = `${path}-${process.pid}`;
  writeFileSync(own, text, { mode: 0o600 });
  renameSync(own, path);
  return path;
}

/** A committed stack file's settings. */
export function stackConfig(stack: string): Record<string, any> {
  const { config } = loadYaml<{ config: Record<string, unknown> }>(readFileSync(join(root, `Pulumi.${stack}.yaml`), "utf8"));
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace("rewardlab:", ""), value]));
}

/** A stack file with these settings. */
export function stackFileText(settings: object): string {
  return dumpYaml({ config: Object.fromEntries(Object.entries(settings).map(([key, value]) => [`rewardlab:${key}`, value])) });
}

/** What the command line lays over the embedded stack's file. */
export const EMBEDDED_OVERLAY = {
  hostRoot: "/srv/rewardlab/node",
  cluster: { kubeconfig: "/srv/rewardlab/kubeconfig", identifier: "embedded-1" },
  gpu: { nodes: ["rewardlab-0"] },
  model: { source: { kind: "directory", path: "/srv/rewardlab/model" } },
  images: {
    registry: "127.0.0.1:5000/rewardlab", dockerHost: "unix:///srv/rewardlab/docker.sock",
    taskApp: { base: "127.0.0.1:5000/base:1" }, runner: { base: "127.0.0.1:5000/base:1" }, pairController: { base: "127.0.0.1:5000/base:1" },
    trainer: { base: "127.0.0.1:5000/ml:1" }, vllm: { base: "127.0.0.1:5000/ml:1" },
  },
};

/** What the program registers for a committed stack, with `change` laid over its settings. */
export async function recordStack(stack: "dev" | "local", change: Record<string, unknown> = {}): Promise<Recording> {
  const overlay = stack === "local" ? EMBEDDED_OVERLAY : {};
  return record(() => program({ ...overlay, envFile: envFile(), ...change }), { stack, config: stackConfig(stack) });
}
