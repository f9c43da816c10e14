import { join } from "node:path";
import { collectTraces } from "../../collect/traces.ts";
import { collectUsage } from "../../collect/usage.ts";
import { PROJECT_ROOT } from "../../components/settings.ts";
import type { Run } from "../command.ts";
import { runEngine } from "../engineStack.ts";
import { RunFailure, UserError } from "../exit.ts";
import { demandFinished, reportText, saveReport } from "../finish.ts";
import { copyKeptLast } from "../keptLast.ts";
import { PhaseClock } from "../phaseClock.ts";
import { RunFolder } from "../runFolder.ts";
import { sessionOf } from "../session.ts";
import { watchRuns } from "../watchRuns.ts";

const start: Run<"start"> = async (args, context) => {
  const { screen, signal, print } = context;
  const session = sessionOf(args, context);
  if (session === null) {
    throw new UserError(`Stack "${args.stack}" is for a cluster of your own: name it with --context NAME, a context of your kubeconfig. Or use the Pulumi command line: npx rewardlab up --stack ${args.stack} (README.md, On a cluster of your own).`);
  }
  if (args.clean) {
    await session.clean();
    screen.line(`clean: ${session.cleaned}`);
    return;
  }
  const runs = await session.check();
  const clock = new PhaseClock(screen);
  const stack = await session.start(clock);
  try {
    await clock.time("up", "Pulumi brings up task app, vLLM, trainer and a Job for each reward config", () => runEngine(stack, "up", context));

    const folder = RunFolder.create(join(PROJECT_ROOT, "runs"), session.stack, new Date(), runs);
    const access = session.access();
    let removeKept = async () => {};
    const jobs = await clock.time("runs", `${runs.length} runs; one run's log: npx rewardlab logs ${session.options} --run-name ${runs[0]}`, async () => {
      const ended = await watchRuns(access, runs, folder, screen, signal);
      folder.addUsage(await collectUsage(access, new Date()));
      await collectTraces(access, folder.traces);
      removeKept = await copyKeptLast(access, session.stack, folder, context);
      return ended;
    });
    const finish = (inventoryAfter: string[] | null) => saveReport({ stack: session.stack, folder, jobs, phases: clock.seconds, inventoryAfter });
    let { report, files } = await clock.time("report", folder.path, () => finish(null));

    if (!args.keep) {
      const left = await clock.time("down", session.teardown, async () => {
        await runEngine(stack, "destroy", context);
        await removeKept();
        return session.stop();
      });
      for (const item of left) screen.line(`left after the teardown: ${item}`);
      ({ report, files } = await finish(left));
    }
    print(args.json ? JSON.stringify(report, null, 2) : reportText(report, files));
    screen.line(args.keep ? `done; ${access.namespace} is still up, take it down with: npx rewardlab down ${session.options}` : "done");
    demandFinished(report);
  } catch (error) {
    if (!(error instanceof RunFailure)) screen.line(`stack ${session.stack} may still be up; take it down with: npx rewardlab down ${session.options}`);
    throw error;
  }
};

export default start;
