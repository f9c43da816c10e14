import { formatNotice } from "../../components/config/notices.ts";
import { readStackSettings } from "../../components/settings.ts";
import { planStack } from "../../components/stackPlan.ts";
import type { Run } from "../command.ts";
import { runEmbedded } from "../embedded.ts";
import { EMBEDDED } from "../embeddedName.ts";
import { EmbeddedSession } from "../embeddedSession.ts";
import { PhaseClock } from "../phaseClock.ts";
import { runPulumi } from "../pulumiCli.ts";

const up: Run<"up"> = async ({ stack, yes }, context) => {
  const { screen, signal, print } = context;
  if (stack === EMBEDDED) {
    const session = new EmbeddedSession(context);
    await session.check();
    const { stack: embedded } = await session.start(new PhaseClock(screen));
    print(JSON.stringify((await runEmbedded(embedded, "up", context)).outputs, null, 2));
  } else {
    for (const notice of planStack(readStackSettings(stack), stack).notices) screen.line(`notice: ${formatNotice(notice)}`);
    await runPulumi(["up", "--stack", stack, ...(yes ? ["--yes"] : [])], signal);
  }
  screen.line(`follow the runs: npx rewardlab watch --stack ${stack}`);
};

export default up;
