import { join } from "node:path";
import { RUNNER_CONTAINER } from "../../collect/follow.ts";
import { listRunJobs } from "../../collect/jobs.ts";
import { collectLogs } from "../../collect/logs.ts";
import { collectTraces } from "../../collect/traces.ts";
import { collectUsage } from "../../collect/usage.ts";
import { PROJECT_ROOT } from "../../components/settings.ts";
import type { Run } from "../command.ts";
import { UserError } from "../exit.ts";
import { demandFinished, reportText, saveReport } from "../finish.ts";
import { RunFolder } from "../runFolder.ts";
import { accessOf, optionsFor } from "../target.ts";

const report: Run<"report"> = async (args, { screen, signal, print }) => {
  const { stack, from, json } = args;
  let folder: RunFolder;
  let jobs: Awaited<ReturnType<typeof listRunJobs>> = [];
  if (from !== undefined) folder = await RunFolder.load(from);
  else {
    const access = accessOf(args);
    jobs = await listRunJobs(access);
    if (jobs.length === 0) throw new UserError(`Namespace ${access.namespace} has no run. Bring the stack up first: rewardlab up ${optionsFor(args)}.`);
    folder = RunFolder.create(join(PROJECT_ROOT, "runs"), stack, new Date(), jobs.map((job) => job.run));
    for (const { run } of jobs) for (const line of await collectLogs(access, run, RUNNER_CONTAINER, signal)) folder.add(run, line);
    folder.addUsage(await collectUsage(access, new Date()));
    if (!(await collectTraces(access, folder.traces))) screen.line("no trace files: the stack's task app does not run any more");
  }
  const { report, files } = await saveReport({ stack, folder, jobs, phases: {}, inventoryAfter: null });
  print(json ? JSON.stringify(report, null, 2) : reportText(report, files));
  if (jobs.every((job) => job.state === "complete" || job.state === "failed")) demandFinished(report);
};

export default report;
