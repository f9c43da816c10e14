import { listRunJobs } from "../../collect/jobs.ts";
import type { Run } from "../command.ts";
import { runEmbedded } from "../embedded.ts";
import { EMBEDDED } from "../embeddedName.ts";
import { EmbeddedSession } from "../embeddedSession.ts";
import { RunFailure } from "../exit.ts";
import { runPulumi } from "../pulumiCli.ts";
import { accessOf } from "../target.ts";

const down: Run<"down"> = async ({ stack, yes }, context) => {
  const { screen, signal } = context;
  const running = (await listRunJobs(accessOf(stack))).filter((job) => job.state === "running" || job.state === "waiting");
  for (const { run } of running) screen.line(`${run} has not ended: its results so far go with it, unless "rewardlab report --stack ${stack}" saved them`);
  if (stack !== EMBEDDED) return runPulumi(["destroy", "--stack", stack, ...(yes ? ["--yes"] : [])], signal);
  const session = new EmbeddedSession(context);
  await runEmbedded(await session.running(), "destroy", context);
  const left = await session.stop();
  if (left.length > 0) throw new RunFailure(`Left after the teardown:\n${left.map((item) => `  ${item}`).join("\n")}\nRemove it with: npm start -- --clean`);
  screen.line("nothing is left");
};

export default down;
