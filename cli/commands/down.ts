import { listRunJobs } from "../../collect/jobs.ts";
import type { Run } from "../command.ts";
import { runEngine } from "../engineStack.ts";
import { RunFailure } from "../exit.ts";
import { runPulumi } from "../pulumiCli.ts";
import { sessionOf } from "../session.ts";
import { accessOf, optionsFor } from "../target.ts";

const down: Run<"down"> = async (args, context) => {
  const { stack, yes } = args;
  const { screen, signal } = context;
  const session = sessionOf(args, context);
  const access = accessOf(args);
  const engine = await session?.running();
  const running = (await listRunJobs(access)).filter((job) => job.state === "running" || job.state === "waiting");
  for (const { run } of running) screen.line(`${run} has not ended: its results so far go with it, unless "rewardlab report ${optionsFor(args)}" saved them`);
  if (session === null) return runPulumi(["destroy", "--stack", stack, ...(yes ? ["--yes"] : [])], signal);
  if (engine) await runEngine(engine, "destroy", context);
  const left = await session.stop();
  if (left.length > 0) throw new RunFailure(`Left after the teardown:\n${left.map((item) => `  ${item}`).join("\n")}\nRemove it with: npm start -- ${args.context === undefined ? "" : `${session.options} `}--clean`);
  screen.line("nothing is left");
};

export default down;
