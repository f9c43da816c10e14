import { type ArgsDef, type CommandDef, type CommandMeta, defineCommand, type ParsedArgs } from "citty";
import { UserError } from "./exit.ts";
import { interruptSignal } from "./interrupt.ts";
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

const kebab = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Names that were given but that the verb does not have; the parser itself would ignore them in silence. */
export function unknownOptions(given: readonly string[], args: ArgsDef): string[] {
  const known = new Set(["_", ...Object.entries(args).flatMap(([name, def]) => [name, kebab(name), ...("alias" in def ? [def.alias ?? []].flat() : [])])]);
  return given.filter((name) => !known.has(name));
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
      const problems = [...unknown.map((name) => `unknown option --${name}`), ...(many ? [] : spare.map((word) => `unexpected argument "${word}"`))];
      if (problems.length > 0) throw new UserError(`rewardlab ${meta.name}: ${problems.join("; ")}. See "rewardlab ${meta.name} --help".`);
      const screen = openScreen((text) => process.stderr.write(text), () => performance.now());
      const signal = interruptSignal((name) => screen.line(`${name}: stopping in order; once more to stop on the spot`));
      await run(parsed, { screen, signal, print: (text) => process.stdout.write(`${text}\n`) });
    },
  });
  return { command, example };
}
