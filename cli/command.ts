import { type ArgsDef, type CommandDef, defineCommand, type ParsedArgs } from "citty";
import { nearest } from "../components/config/suggest.ts";
import { UserError } from "./exit.ts";
import { interruptSignal } from "./interrupt.ts";
import { kebab } from "./kebab.ts";
import { openScreen, type Screen } from "./screen.ts";
import { type VerbName, verbs } from "./verbs.ts";

/** What a verb does, given its options as `verbs.ts` says them. */
export type Run<Name extends VerbName> = (args: ParsedArgs<(typeof verbs)[Name]["args"]>, context: VerbContext) => Promise<void>;

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

/** What is wrong with a verb's command line, one text a problem. */
function usageProblems(parsed: ParsedArgs, args: ArgsDef): string[] {
  const definitions = Object.values(args);
  const spare = parsed._.slice(definitions.filter((def) => def.type === "positional").length);
  const many = definitions.some((def) => def.type === "positional" && def.valueHint?.endsWith("..."));
  return [
    ...unknownOptions(Object.keys(parsed), args).map((option) => unknownText(option, args)),
    ...optionsWithoutValue(parsed, args).map((option) => `option --${option} needs a value`),
    ...(many ? [] : spare.map((word) => `unexpected argument "${word}"`)),
  ];
}

/**
 * A verb of the command line: strict options, a screen, a signal that Ctrl-C aborts. Its program is loaded when the options
 * are found to be right.
 */
export function command<Name extends VerbName>(name: Name, load: () => Promise<{ default: Run<Name> }>): CommandDef {
  const { description, args }: { description: string; args: ArgsDef } = verbs[name];
  return defineCommand({
    meta: { name, description },
    args,
    async run({ args: parsed }) {
      const problems = usageProblems(parsed, args);
      if (problems.length > 0) throw new UserError(`rewardlab ${name}: ${problems.join("; ")}. See "rewardlab ${name} --help".`);
      const screen = openScreen((text) => process.stderr.write(text), () => performance.now());
      const signal = interruptSignal((signalName) => screen.line(`${signalName}: stopping in order; once more to stop on the spot`));
      const run = (await load()).default;
      await run(parsed as Parameters<Run<Name>>[0], { screen, signal, print: (text) => process.stdout.write(`${text}\n`) });
    },
  });
}
