import { join } from "node:path";
import { openAccess } from "../../collect/access.ts";
import { collectTraces } from "../../collect/traces.ts";
import { namespaceOf } from "../../components/names.ts";
import { PROJECT_ROOT } from "../../components/settings.ts";
import type { Run } from "../command.ts";
import { runEmbedded } from "../embedded.ts";
import { EMBEDDED } from "../embeddedName.ts";
import { EmbeddedSession } from "../embeddedSession.ts";
import { demandFinished, reportText, saveReport } from "../finish.ts";
import { PhaseClock } from "../phaseClock.ts";
import { RunFolder } from "../runFolder.ts";
import { watchRuns } from "../watchRuns.ts";

const start: Run<"start"> = async (args, context) => {
  const { screen, signal, print } = context;
  const session = new EmbeddedSession(context);
  if (args.clean) {
    await session.clean();
    screen.line("clean: no process, mount, interface, firewall rule, cgroup or file is left outside the cache folder");
    return;
  }
  const runs = await session.check();
  const clock = new PhaseClock(screen);
  const { embedded, stack } = await session.start(clock);
  await clock.time("up", "Pulumi brings up task app, vLLM, trainer and a Job for each reward config", () => runEmbedded(stack, "up", context));

  const folder = RunFolder.create(join(PROJECT_ROOT, "runs"), EMBEDDED, new Date(), runs);
  const access = openAccess({ kubeconfig: embedded.facts.kubeconfig, context: embedded.facts.context, namespace: namespaceOf(EMBEDDED) });
  const jobs = await clock.time("runs", `${runs.length} runs; one run's log: npx rewardlab logs --run-name ${runs[0]}`, async () => {
    const ended = await watchRuns(access, runs, folder, screen, signal);
    await collectTraces(access, folder.traces);
    return ended;
  });
  const finish = (inventoryAfter: string[] | null) => saveReport({ stack: EMBEDDED, folder, jobs, phases: clock.seconds, inventoryAfter });
  let { report, files } = await clock.time("report", folder.path, () => finish(null));

  if (!args.keep) {
    const left = await clock.time("down", "destroying the stack, stopping the cluster", async () => {
      await runEmbedded(stack, "destroy", context);
      return session.stop();
    });
    ({ report, files } = await finish(left));
  }
  print(args.json ? JSON.stringify(report, null, 2) : reportText(report, files));
  screen.line(args.keep ? `done; ${access.namespace} is still up, take it down with: npx rewardlab down` : "done");
  demandFinished(report);
};

export default start;
