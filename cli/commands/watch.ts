import { listRunJobs } from "../../collect/jobs.ts";
import type { Run } from "../command.ts";
import { UserError } from "../exit.ts";
import { followRuns } from "../../collect/follow.ts";
import { progressLine } from "../../collect/progressLine.ts";
import { accessOf, optionsFor } from "../target.ts";

const watch: Run<"watch"> = async (args, { screen, signal, print }) => {
  const access = accessOf(args);
  const runs = (await listRunJobs(access)).map((job) => job.run);
  if (runs.length === 0) throw new UserError(`Namespace ${access.namespace} has no run. Bring the stack up first: rewardlab up ${optionsFor(args)}.`);
  const say = (who: string, trouble: string) => screen.line(`${who}  ${trouble === "" ? "its pod runs" : `its pod does not run: ${trouble}`}`);
  const jobs = await followRuns(access, runs, {
    onEvent: (run, event) => {
      const text = progressLine(event);
      if (args.json) print(JSON.stringify(event));
      else if (text !== null) print(`${run}  ${text}`);
    },
    onTrouble: say,
    onServerTrouble: say,
  }, signal);
  for (const { run, state, reason } of jobs) screen.line(`${run}  ${state}${reason === "" ? "" : `: ${reason}`}`);
};

export default watch;
