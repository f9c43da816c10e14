import { followRuns } from "../../collect/follow.ts";
import { listRunJobs } from "../../collect/jobs.ts";
import type { Run } from "../command.ts";
import { UserError } from "../exit.ts";
import { accessOf } from "../target.ts";

const logs: Run<"logs"> = async (args, { signal, print }) => {
  const { stack, runName } = args;
  const access = accessOf(args);
  const known = (await listRunJobs(access)).map((job) => job.run);
  if (!known.includes(runName)) throw new UserError(`Stack "${stack}" has no run "${runName}"; it has ${known.join(", ") || "none"}.`);
  await followRuns(access, [runName], { onLine: (_run, line) => print(line) }, signal);
};

export default logs;
