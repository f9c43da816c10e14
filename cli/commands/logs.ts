import { followRuns } from "../../collect/follow.ts";
import { listRunJobs } from "../../collect/jobs.ts";
import { verb } from "../command.ts";
import { UserError } from "../exit.ts";
import { accessOf, stackArgs } from "../target.ts";

export default verb({
  meta: { name: "logs", description: "Print a run's log, events and words alike, and follow it until the run has ended." },
  example: "rewardlab logs --run-name crafter-rl-outcome",
  args: {
    ...stackArgs,
    runName: { type: "string", required: true, valueHint: "NAME", description: "the run: its config's file name with hyphens, or its name in the stack file" },
  },
  async run({ stack, runName }, { signal, print }) {
    const access = accessOf(stack);
    const known = (await listRunJobs(access)).map((job) => job.run);
    if (!known.includes(runName)) throw new UserError(`Stack "${stack}" has no run "${runName}"; it has ${known.join(", ") || "none"}.`);
    await followRuns(access, [runName], { onLine: (_run, line) => print(line) }, signal);
  },
});
