import { parseArgs } from "node:util";
import { errorText, EXIT, exitCodeOf, UserError } from "../../cli/exit.ts";
import { openScreen } from "../../cli/screen.ts";
import { conditionsNow } from "./conditions.ts";
import { figureLines, type Measured } from "./figures.ts";
import type { Place } from "./plain/place.ts";

/**
 * `npm run bench -- NAME [--json]`: figures with their units and the conditions they were taken in. Not a test: no figure
 * fails it. Status 78 when something could not be measured here.
 */

const USAGE = `Usage: npm run bench -- NAME [--json]
  local    one whole "npm start": phases, adapter sync, memory, disk
  program  plan and preview of the embedded stack, and what a second up changes (needs: npm start -- --keep)
  env      worlds, episodes and steps of the task app's environment
  trainer  a training step against TRL's and against the device's own rate; [--device cpu|cuda] [--python PATH]
  fleet    (some 4 minutes) 300 experiments on a faked fleet of 100 nodes: the program, "up" against kubectl, where the scheduler puts the pods
  shared   the stack's runs at once on one pair, against one after the other
  loop     tokens a second of rollouts in the loop, against the same requests straight to vLLM; staleness 1 beside 0
  sync     an adapter's way from the trainer's memory to the server's first token
The last three start vLLM, trainer and task app as plain processes: on the CPU, or all on one GPU with --device cuda --python PATH --model FOLDER.`;

type Options = { device?: string; python?: string; model?: string };
type Progress = (text: string) => void;
type Bench = (progress: Progress, options: Options) => Promise<Measured>;
/** A bench of servers: where it takes place is looked up first. */
const placed = (bench: (progress: Progress, place: Place) => Promise<Measured>): Bench => async (progress, options) => {
  const { placeOf } = await import("./plain/place.ts");
  return bench(progress, await placeOf({ ...options, progress }));
};
const benches: Record<string, () => Promise<Bench>> = {
  local: async () => (await import("./localBench.ts")).localBench,
  program: async () => (await import("./programBench.ts")).programBench,
  fleet: async () => (await import("./fleetBench.ts")).fleetBench,
  env: async () => (await import("./envBench.ts")).envBench,
  trainer: async () => (await import("./trainerBench.ts")).trainerBench,
  shared: async () => placed((await import("./sharedBench.ts")).sharedBench),
  loop: async () => placed((await import("./loopBench.ts")).loopBench),
  sync: async () => placed((await import("./syncBench.ts")).syncBench),
};
/** What a bench may be told, where it may be told anything. */
const KNOWN: Record<string, string[]> = { trainer: ["device", "python"], ...Object.fromEntries(["shared", "loop", "sync"].map((name) => [name, ["device", "python", "model"]])) };

function optionsOf(args: string[]): { name: string; json: boolean; options: Options } {
  try {
    const given = { device: { type: "string" }, python: { type: "string" }, model: { type: "string" } } as const;
    const { values, positionals } = parseArgs({ args, options: { json: { type: "boolean", default: false }, ...given }, allowPositionals: true });
    const [name, ...more] = positionals;
    const { json, ...options } = values;
    const fits = name !== undefined && Object.keys(options).every((option) => KNOWN[name]?.includes(option));
    if (fits && more.length === 0 && Object.hasOwn(benches, name)) return { name, json, options };
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n${USAGE}`);
  }
  throw new UserError(USAGE);
}

try {
  const { name, json, options } = optionsOf(process.argv.slice(2));
  const screen = openScreen((text) => process.stderr.write(text), () => performance.now());
  // The SDK's mocks say a program's notices here: the standard output is the figures' alone.
  const print = console.log;
  console.log = console.error;
  const machine = conditionsNow();
  const { figures, notMeasured, conditions, keys } = await (await benches[name]!())(screen.line, options);
  const all = { ...machine, ...conditions };
  if (json) print(JSON.stringify({ version: 1, bench: name, conditions: all, ...keys, figures, notMeasured }, null, 2));
  else print([...figureLines(figures), "", ...Object.entries(all).map(([key, value]) => `${key}: ${value}`)].join("\n"));
  for (const text of notMeasured) console.error(text);
  if (notMeasured.length > 0) process.exitCode = EXIT.config;
} catch (error) {
  process.exitCode = exitCodeOf(error);
  console.error(errorText(error));
}
