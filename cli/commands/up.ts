import { readStackSettings } from "../../components/settings.ts";
import { planStack } from "../../components/stackPlan.ts";
import type { Run } from "../command.ts";
import { runEngine } from "../engineStack.ts";
import { sayNotices } from "../notices.ts";
import { PhaseClock } from "../phaseClock.ts";
import { runPulumiChecked } from "../pulumiCli.ts";
import { demandPush } from "../registry/demandPush.ts";
import { sessionOf } from "../session.ts";
import { optionsFor } from "../target.ts";

const up: Run<"up"> = async (args, context) => {
  const { stack, yes } = args;
  const { screen, signal, print } = context;
  const session = sessionOf(args, context);
  if (session !== null) {
    await session.check();
    const { outputs } = await runEngine(await session.start(new PhaseClock(screen)), "up", context);
    // The program's own next commands know of no --context; the lines below do.
    const { next: _, ...rest } = outputs;
    print(JSON.stringify(args.context === undefined ? outputs : rest, null, 2));
  } else {
    const settings = readStackSettings(stack);
    sayNotices(planStack(settings, stack), screen);
    await demandPush(settings, { logins: true, say: screen.line });
    await runPulumiChecked(["up", "--stack", stack, ...(yes ? ["--yes"] : [])], signal);
  }
  screen.line(`follow the runs: npx rewardlab watch ${optionsFor(args)}`);
  screen.line(`take it down: npx rewardlab down ${optionsFor(args)}`);
};

export default up;
