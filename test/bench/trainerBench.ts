import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../cli/exit.ts";
import { folders, PROJECT_ROOT } from "../../components/settings.ts";
import { CommandError, run } from "../../local/command.ts";
import { ensureMlEnv } from "../../local/python/mlEnv.ts";
import { ensurePythonEnv } from "../../local/python/pythonEnv.ts";
import { type Figure, figure, type Measured } from "./figures.ts";

const EXIT_CONFIG = 78;
const NO_GPU_PYTHON = "--device cuda: the project's own Python environment has torch without a GPU's libraries. Give one that has them, with transformers "
  + "and peft, and with trl and datasets if TRL is to be compared: --device cuda --python /path/to/python";
const GIB = 1024 ** 3;

const steps = z.object({ seconds: z.number().positive(), cpu_seconds: z.number().positive(), peak_bytes: z.number().positive(), steps: z.number() });

/** What `python -m bench` in images/trainer prints. */
const output = z.object({
  matmul_rate: z.number().positive(),
  facts: z.object({ computed_bytes: z.number(), micro_batches: z.number(), checkpointed_layers: z.number(), flops: z.number().positive() }),
  alone: steps,
  comparisons: z.array(z.object({ checkpointing: z.enum(["on", "off"]), lengths: z.enum(["equal", "ragged"]), ours: steps, trl: steps, disagreement: z.number() })),
  not_measured: z.array(z.string()),
  conditions: z.record(z.string(), z.union([z.string(), z.number()])),
});

type Steps = z.infer<typeof steps>;

/**
 * The figures of a training step; throws a ZodError for an output of another form. The first comparison is the one that the
 * JSON's `ratio` and `memoryRatio` are of: equal lengths, where padding costs neither side anything.
 */
export function trainerFigures(text: string, device: "cpu" | "cuda"): Measured {
  const { matmul_rate, facts, alone, comparisons, not_measured, conditions } = output.parse(JSON.parse(text));
  const timeOf = (taken: Steps): number => (device === "cpu" ? taken.cpu_seconds : taken.seconds);
  const compared = comparisons.map(({ checkpointing, lengths, ours, trl, disagreement }) => ({
    name: `${checkpointing === "on" ? "checkpointed_" : ""}${lengths}`,
    note: `${lengths} lengths, checkpointing ${checkpointing}`,
    ours, trl, disagreement,
    ratio: timeOf(ours) / timeOf(trl),
    memoryRatio: ours.peak_bytes / trl.peak_bytes,
  }));
  const share = facts.flops / timeOf(alone) / matmul_rate;
  const figures: Figure[] = [
    ...compared.flatMap((each) => [
      figure(`ratio_${each.name}`, each.ratio, "", `trainer / TRL, time of a step; ${each.note}`),
      figure(`memory_ratio_${each.name}`, each.memoryRatio, "", `${gib(each.ours.peak_bytes)} / ${gib(each.trl.peak_bytes)} GiB at the worst moment`),
      figure(`step_${each.name}`, timeOf(each.ours), "s", `TRL ${timeOf(each.trl).toPrecision(4)} s; median of ${each.ours.steps}`),
    ]),
    figure("step", timeOf(alone), "s", `by itself: ${facts.micro_batches} micro-batches, ${facts.checkpointed_layers} layers checkpointed`),
    figure("peak_memory", alone.peak_bytes / GIB, "GiB", `${gib(facts.computed_bytes)} GiB computed beforehand`),
    figure("matmul_rate", matmul_rate / 1e12, "TFLOP/s", "of the device, square matrices in the model's number format"),
    figure("share_of_matmul_rate", share, "", `${(facts.flops / 1e12).toPrecision(4)} TFLOP a step, without what is computed twice`),
  ];
  const [first] = compared;
  return {
    keys: { ...(first ? { ratio: first.ratio, memoryRatio: first.memoryRatio } : {}), share },
    figures,
    notMeasured: not_measured,
    conditions: {
      ...conditions,
      time: device === "cpu" ? "processor time of one thread, both sides in turns" : "wall time, one side after the other",
      // Gradient norm and loss of each step, of both: that they took the same step.
      largestDifference: Math.max(0, ...compared.map(({ disagreement }) => disagreement)),
    },
  };
}

const gib = (bytes: number): string => (bytes / GIB).toPrecision(4);

export interface TrainerBenchOptions {
  device?: string;
  /** A Python with torch for the device, transformers and peft, and TRL if it is to be compared; the project's own if not given. */
  python?: string;
}

/** Runs it. Throws a UserError for a device that is not here. */
export async function trainerBench(progress: (text: string) => void, { device = "cpu", python }: TrainerBenchOptions): Promise<Measured> {
  if (device !== "cpu" && device !== "cuda") throw new UserError(`--device is cpu or cuda, not "${device}".`);
  if (device === "cuda" && python === undefined) throw new UserError(NO_GPU_PYTHON);
  const { path, arguments: more } = python === undefined ? await ownPython(progress) : { path: python, arguments: [] };
  try {
    const text = await run(path, ["-m", "bench", "--device", device, ...more], { cwd: join(PROJECT_ROOT, "images", "trainer"), onLine: (line) => {
      if (line.startsWith("trainer: ")) progress(line);
    } });
    return trainerFigures(text, device);
  } catch (error) {
    if (error instanceof CommandError && error.status === EXIT_CONFIG) throw new UserError(error.output.trim());
    throw error;
  }
}

/** The environment that the images are made of, and beside it one with TRL alone. */
async function ownPython(progress: (text: string) => void): Promise<{ path: string; arguments: string[] }> {
  const { cacheDir } = folders();
  const context = { progress, signal: new AbortController().signal };
  const { python: path, version } = await ensureMlEnv({ root: PROJECT_ROOT, cacheDir }, context);
  const lockFiles = [join(PROJECT_ROOT, "test", "bench", "trl-requirements.txt")];
  const trl = await ensurePythonEnv({ cacheDir, name: "trl", lockFiles }, context);
  const packages = join(trl.directory, "lib", `python${version.split(".").slice(0, 2).join(".")}`, "site-packages");
  return { path, arguments: ["--trl", packages] };
}
