import { parseArgs } from "node:util";
import { errorText, EXIT, exitCodeOf, UserError } from "../../cli/exit.ts";
import { openScreen } from "../../cli/screen.ts";
import { conditionsNow } from "./conditions.ts";
import { figureLines, type Measured } from "./figures.ts";

/**
 * `npm run bench -- local|program|env|trainer|fleet [--json]`: figures with their units and the conditions they were taken in. Not a
 * test: no figure fails it. Status 78 when something could not be measured here.
 */

const USAGE = `Usage: npm run bench -- local|program|env|trainer|fleet [--json]
  local    one whole "npm start": phases, adapter sync, memory, disk
  program  plan and preview of the embedded stack, and what a second up changes (needs: npm start -- --keep)
  env      worlds, episodes and steps of the task app's environment
  trainer  a training step against TRL's and against the device's own rate; [--device cpu|cuda] [--python PATH]
  fleet    (some 20 minutes) 300 experiments on a faked fleet of 100 nodes: the program, "up" against kubectl, where the scheduler puts the pods`;

type Options = { device?: string; python?: string };
type Bench = (progress: (text: string) => void, options: Options) => Promise<Measured>;
const benches: Record<string, () => Promise<Bench>> = {
  local: async () => (await import("./localBench.ts")).localBench,
  program: async () => (await import("./programBench.ts")).programBench,
  fleet: async () => (await import("./fleetBench.ts")).fleetBench,
  env: async () => (await import("./envBench.ts")).envBench,
  trainer: async () => (await import("./trainerBench.ts")).trainerBench,
};

function optionsOf(args: string[]): { name: string; json: boolean; options: Options } {
  try {
    const { values, positionals } = parseArgs({ args, options: { json: { type: "boolean", default: false }, device: { type: "string" }, python: { type: "string" } }, allowPositionals: true });
    const [name, ...more] = positionals;
    const { json, ...options } = values;
    const fits = name === "trainer" || Object.keys(options).length === 0;
    if (name !== undefined && more.length === 0 && Object.hasOwn(benches, name) && fits) return { name, json, options };
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n${USAGE}`);
  }
  throw new UserError(USAGE);
}

try {
  const { name, json, options } = optionsOf(process.argv.slice(2));
  const screen = openScreen((text) => process.stderr.write(text), () => performance.now());
  const machine = conditionsNow();
  const { figures, notMeasured, conditions, keys } = await (await benches[name]!())(screen.line, options);
  const all = { ...machine, ...conditions };
  if (json) console.log(JSON.stringify({ version: 1, bench: name, conditions: all, ...keys, figures, notMeasured }, null, 2));
  else console.log([...figureLines(figures), "", ...Object.entries(all).map(([key, value]) => `${key}: ${value}`)].join("\n"));
  for (const text of notMeasured) console.error(text);
  if (notMeasured.length > 0) process.exitCode = EXIT.config;
} catch (error) {
  process.exitCode = exitCodeOf(error);
  console.error(errorText(error));
}
