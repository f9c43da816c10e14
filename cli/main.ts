import { createRequire } from "node:module";
import { type CommandDef, defineCommand, runCommand, showUsage } from "citty";
import { nearest } from "../components/config/suggest.ts";
import { command, type Run } from "./command.ts";
import { useCompileCache } from "./compileCache.ts";
import { errorText, EXIT, exitCodeOf } from "./exit.ts";
import { type VerbName, verbs } from "./verbs.ts";

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

/** The program of each verb; one file each, loaded only when it is to run. */
const programs: { [Name in VerbName]: () => Promise<{ default: Run<Name> }> } = {
  start: () => import("./commands/start.ts"),
  up: () => import("./commands/up.ts"),
  preview: () => import("./commands/preview.ts"),
  down: () => import("./commands/down.ts"),
  collect: () => import("./commands/collect.ts"),
  watch: () => import("./commands/watch.ts"),
  logs: () => import("./commands/logs.ts"),
  report: () => import("./commands/report.ts"),
  replay: () => import("./commands/replay.ts"),
  check: () => import("./commands/check.ts"),
  doctor: () => import("./commands/doctor.ts"),
};

const commandOf = <Name extends VerbName>(name: Name): CommandDef => command(name, programs[name]);

const main = defineCommand({
  meta: { name: "rewardlab", version, description: "Which reward function teaches this model? One Pulumi program, one answer." },
  subCommands: Object.fromEntries((Object.keys(verbs) as VerbName[]).map((name) => [name, () => commandOf(name)])),
});

const isVerb = (name: string): name is VerbName => Object.hasOwn(verbs, name);

useCompileCache(process.env);
const [name, ...rest] = process.argv.slice(2);
try {
  if (name === undefined || name === "--help" || name === "-h") await showUsage(main);
  else if (name === "--version") console.log(version);
  else if (!isVerb(name)) {
    process.exitCode = EXIT.config;
    const meant = nearest(name, Object.keys(verbs));
    console.error(`rewardlab: there is no verb "${name}"${meant === undefined ? "" : `; did you mean ${meant}?`}. Verbs: ${Object.keys(verbs).join(", ")}.`);
  } else if (rest.includes("--help") || rest.includes("-h")) {
    await showUsage(commandOf(name), main);
    console.log(`Example: ${verbs[name].example}`);
  } else await runCommand(commandOf(name), { rawArgs: rest });
} catch (error) {
  process.exitCode = exitCodeOf(error);
  console.error(errorText(error));
}
