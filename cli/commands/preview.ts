import { formatNotice } from "../../components/config/notices.ts";
import { readStackSettings } from "../../components/settings.ts";
import { planStack } from "../../components/stackPlan.ts";
import type { Run } from "../command.ts";
import { runEmbedded } from "../embedded.ts";
import { EMBEDDED } from "../embeddedName.ts";
import { EmbeddedSession } from "../embeddedSession.ts";
import { PhaseClock } from "../phaseClock.ts";
import { runPulumi } from "../pulumiCli.ts";

const preview: Run<"preview"> = async ({ stack, json }, context) => {
  const { screen, signal, print } = context;
  if (stack !== EMBEDDED) {
    for (const notice of planStack(readStackSettings(stack), stack).notices) screen.line(`notice: ${formatNotice(notice)}`);
    await runPulumi(["preview", "--stack", stack, "--diff"], signal);
    return;
  }
  const session = new EmbeddedSession(context);
  await session.check();
  const { stack: embedded } = await session.start(new PhaseClock(screen));
  const { changes } = await runEmbedded(embedded, "preview", context);
  print(json ? JSON.stringify({ version: 1, changes }) : Object.entries(changes).map(([operation, count]) => `${operation}: ${count}`).join("\n"));
};

export default preview;
