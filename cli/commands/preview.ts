import { readStackSettings } from "../../components/settings.ts";
import { planStack } from "../../components/stackPlan.ts";
import type { Run } from "../command.ts";
import { runEngine } from "../engineStack.ts";
import { sayNotices } from "../notices.ts";
import { PhaseClock } from "../phaseClock.ts";
import { runPulumiChecked } from "../pulumiCli.ts";
import { demandPush } from "../registry/demandPush.ts";
import { sessionOf } from "../session.ts";

const preview: Run<"preview"> = async (args, context) => {
  const { stack, json } = args;
  const { screen, signal, print } = context;
  const session = sessionOf(args, context);
  if (session === null) {
    const settings = readStackSettings(stack);
    sayNotices(planStack(settings, stack), screen);
    await demandPush(settings, { logins: true, say: screen.line });
    await runPulumiChecked(["preview", "--stack", stack, "--diff"], signal);
    return;
  }
  await session.check();
  const { changes } = await runEngine(await session.start(new PhaseClock(screen)), "preview", context);
  print(json ? JSON.stringify({ version: 1, changes }) : Object.entries(changes).map(([operation, count]) => `${operation}: ${count}`).join("\n"));
};

export default preview;
