import { type ArgsDef, type CommandDef, type CommandMeta, defineCommand, type ParsedArgs } from "citty";
import { nearest } from "../components/config/suggest.ts";
import { UserError } from "./exit.ts";
import { interruptSignal } from "./interrupt.ts";
import { kebab } from "./kebab.ts";
import { openScreen, type Screen } from "./screen.ts";

export interface Verb<T extends ArgsDef> {
  meta: CommandMeta & { name: string; description: string };
  /** A command line that works, shown by --help. */
  example: string;
  args: T;
  run: (args: ParsedArgs<T>, context: VerbContext) => Promise<void>;
}

export interface VerbContext {
  screen: Screen;
  signal: AbortSignal;
  /** Writes to standard output. */
  print: (text: string) => void;
}

/** Names that were given but that the verb does not have; the parser itself would ignore them in silence. */
export function unknownOptions(given: readonly string[], args: ArgsDef): string[] {
  const known = new Set(["_", ...Object.entries(args).flatMap(([name, def]) => [name, kebab(name), ...("alias" in def ? [def.alias ?? []].flat() : [])])]);
  return given.filter((name) => !known.has(name));
}

/** Options that take a text and got none: `--stack` as the last word. The parser reads them as an empty text. */
export function optionsWithoutValue(parsed: Readonly<Record<string, unknown>>, args: ArgsDef): string[] {
  return Object.entries(args).filter(([name, def]) => def.type === "string" && parsed[name] === "").map(([name]) => kebab(name));
}

function unknownText(name: string, args: ArgsDef): string {
  const options = Object.entries(args).filter(([, def]) => def.type !== "positional").map(([option]) => kebab(option));
  const meant = nearest(name, options);
  return `unknown option --${name}${meant === undefined ? "" : ` (did you mean --${meant}?)`}`;
}

/** Makes a verb of the CLI: strict options, a screen, a signal that Ctrl-C aborts; and its example for --help. */
export function verb<const T extends ArgsDef>({ meta, example, args, run }: Verb<T>): { command: CommandDef<T>; example: string } {
  const command = defineCommand<T>({
    meta,
    args,
    async run({ args: parsed }) {
      const unknown = unknownOptions(Object.keys(parsed), args);
      const spare = parsed._.slice(Object.values(args).filter((def) => def.type === "positional").length);
      const many = Object.values(args).some((def) => def.type === "positional" && def.valueHint?.endsWith("..."));
      const problems = [
        ...unknown.map((option) => unknownText(option, args)),
        ...optionsWithoutValue(parsed, args).map((option) => `option --${option} needs a value`),
        ...(many ? [] : spare.map((word) => `unexpected argument "${word}"`)),
      ];
      if (problems.length > 0) throw new UserError(`rewardlab ${meta.name}: ${problems.join("; ")}. See "rewardlab ${meta.name} --help".`);
      const screen = openScreen((text) => process.stderr.write(text), () => performance.now());
      const signal = interruptSignal((name) => screen.line(`${name}: stopping in order; once more to stop on the spot`));
      await run(parsed, { screen, signal, print: (text) => process.stdout.write(`${text}\n`) });
    },
  });
  return { command, example };
}
