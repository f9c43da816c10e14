import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EMBEDDED } from "../../../cli/embeddedName.ts";
import { UserError } from "../../../cli/exit.ts";
import { REQUIRED_KEYS } from "../../../components/config/envKeys.ts";
import { folders, PROJECT_ROOT, readStackFile, readStackSettings } from "../../../components/settings.ts";
import type { StackOverlay, StackSettings } from "../../../components/settings/schema.ts";
import { planStack } from "../../../components/stackPlan.ts";
import type { RunSpec } from "../../../images/runner/src/runSpec.ts";
import { run } from "../../../local/command.ts";
import { ensureGeneratedSecrets } from "../../../local/generatedSecrets.ts";
import { ensureTinyModel } from "../../../local/model/tinyModel.ts";
import { embeddedOverlay, factsForCheck } from "../../../local/overlay.ts";
import { ensureMlEnv } from "../../../local/python/mlEnv.ts";
import { Servers } from "./servers.ts";

export interface PlaceOptions {
  /** cpu (default) or cuda. */
  device?: string;
  /** On a GPU: a Python with vLLM and the packages of images/trainer and images/task-app, and a folder with a model. */
  python?: string;
  model?: string;
  progress: (text: string) => void;
}

/** Where a bench takes place: servers to start, and the runs that the stack would have them serve. */
export interface Place {
  settings: StackSettings;
  /** As the stack resolves them; endpoints are the servers'. */
  specs: RunSpec[];
  start: (runs: number) => Promise<Servers>;
  conditions: Record<string, string | number>;
}

/**
 * The overlay of Pulumi.dev.yaml with which server and trainer share one card.
 *
 * @param dev what the file says, by key
 */
export function oneCard(dev: Record<string, unknown>): { vllm: { args: string[] } } {
  const { args } = dev["vllm"] as { args: string[] };
  return { vllm: { args: [...args.filter((flag) => !flag.startsWith("--gpu-memory-utilization")), "--gpu-memory-utilization=0.5"] } };
}

/** Throws a UserError where there is no such device, or not what it needs. */
export async function placeOf({ device = "cpu", progress, ...given }: PlaceOptions): Promise<Place> {
  if (device === "cuda") return cudaPlace({ gpu: gpuName(), progress, ...given });
  if (device !== "cpu") throw new UserError(`--device is cpu or cuda, not "${device}".`);
  if (Object.keys(given).length > 0) throw new UserError("--python and --model are for --device cuda: on the CPU the bench takes the embedded stack's own.");
  const { cacheDir } = folders();
  const context = { progress, signal: new AbortController().signal };
  const env = await ensureMlEnv({ root: PROJECT_ROOT, cacheDir }, context);
  const tiny = await ensureTinyModel({ root: PROJECT_ROOT, cacheDir, python: env }, context);
  const { settings, specs } = await readPlan(EMBEDDED, (envFile) => embeddedOverlay(factsForCheck(envFile)));
  const common = { settings, python: env.python, model: tiny, numbaCache: join(cacheDir, "numba"), progress };
  return { settings, specs, start: (runs) => Servers.start({ ...common, runs }), conditions: { device, model: settings.model.name } };
}

async function cudaPlace({ gpu, python, model, progress }: Omit<PlaceOptions, "device"> & { gpu: string }): Promise<Place> {
  if (!python || !model) throw new UserError("--device cuda needs --python PATH (with vLLM and the packages of images/trainer and images/task-app) and --model FOLDER (python -m tiny_model.shaped makes one of random weights).");
  const numbaCache = mkdtempSync(join(tmpdir(), "rewardlab-numba-"));
  const { settings, specs } = await readPlan("dev", (envFile) => ({ envFile, ...oneCard(readStackFile("dev")) }));
  await run(python, ["-c", "import vllm, peft, crafter"]);
  const common = { settings, python, model, numbaCache, progress };
  return { settings, specs, start: (runs) => Servers.start({ ...common, runs }), conditions: { device: gpu, model: `${settings.model.name}, from ${model}` } };
}

/** Throws a UserError on a machine without a GPU that NVIDIA's driver knows. */
export function gpuName(query: () => { status: number | null; stdout: string } = nvidiaSmi): string {
  const { status, stdout } = query();
  const name = stdout.trim().split("\n")[0];
  if (status === 0 && name) return name;
  throw new UserError("There is no GPU here: nvidia-smi --query-gpu=name gives none. Without --device cuda the bench runs on the CPU.");
}

function nvidiaSmi(): { status: number | null; stdout: string } {
  const { status, stdout } = spawnSync("nvidia-smi", ["--query-gpu=name", "--format=csv,noheader"], { encoding: "utf8" });
  return { status, stdout: stdout ?? "" };
}

async function readPlan(stack: string, overlayOf: (envFile: string) => StackOverlay): Promise<{ settings: StackSettings; specs: RunSpec[] }> {
  const folder = mkdtempSync(join(tmpdir(), "rewardlab-bench-"));
  try {
    const { envFile } = await ensureGeneratedSecrets(folder, Object.keys(REQUIRED_KEYS));
    const settings = readStackSettings(stack, overlayOf(envFile));
    return { settings, specs: planStack(settings, stack).runs.map(({ spec }) => spec) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
