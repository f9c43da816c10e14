import { createRequire } from "node:module";
import { type CommandDef, defineCommand, runCommand, showUsage } from "citty";
import { nearest } from "../components/config/suggest.ts";
import { errorText, exitCodeOf } from "./exit.ts";

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

/** One file a verb; each is loaded only when it is called, so that `--help` and `check` start at once. */
const verbs = {
  start: () => import("./commands/start.ts"),
  up: () => import("./commands/up.ts"),
  preview: () => import("./commands/preview.ts"),
  down: () => import("./commands/down.ts"),
  watch: () => import("./commands/watch.ts"),
  logs: () => import("./commands/logs.ts"),
  report: () => import("./commands/report.ts"),
  check: () => import("./commands/check.ts"),
  doctor: () => import("./commands/doctor.ts"),
};

const main = defineCommand({
  meta: { name: "rewardlab", version, description: "Which reward function teaches this model? One Pulumi program, one answer." },
  subCommands: Object.fromEntries(Object.entries(verbs).map(([name, load]) => [name, async (): Promise<CommandDef> => (await load()).default.command as CommandDef])),
});

const [name, ...rest] = process.argv.slice(2);
try {
  if (name === undefined || name === "--help" || name === "-h") await showUsage(main);
  else if (name === "--version") console.log(version);
  else if (!Object.hasOwn(verbs, name)) {
    process.exitCode = 78;
    const meant = nearest(name, Object.keys(verbs));
    console.error(`rewardlab: there is no verb "${name}"${meant === undefined ? "" : `; did you mean ${meant}?`}. Verbs: ${Object.keys(verbs).join(", ")}.`);
  } else {
    const { command, example } = (await verbs[name as keyof typeof verbs]()).default;
    if (rest.includes("--help") || rest.includes("-h")) {
      await showUsage(command as CommandDef, main);
      console.log(`Example: ${example}`);
    } else await runCommand(command as CommandDef, { rawArgs: rest });
  }
} catch (error) {
  process.exitCode = exitCodeOf(error);
  console.error(errorText(error));
}
