import { checkConfigs } from "../../components/check.ts";
import { refuse } from "../../components/config/problem.ts";
import type { Run } from "../command.ts";

const check: Run<"check"> = async (args, { print }) => {
  const checked = checkConfigs(args._, { root: process.cwd() });
  if (args.json) print(JSON.stringify({ version: 1, ...checked }, null, 2));
  else {
    for (const { config, name, algorithm, reward, training, rollout, lora } of checked.specs) {
      print(`${config.path}: run ${name}, ${algorithm.kind}, ${reward.stepwise ? `stepwise ${reward.strategy}` : "outcome"}, ` +
        `${training.iterations} iterations × ${training.batchSize} groups × ${training.groupSize} episodes × ${rollout.maxTurns} turns, LoRA rank ${lora.rank}`);
    }
    for (const notice of checked.notices) print(`notice: ${notice.path}: ${notice.text} (${notice.files.join(", ")})`);
  }
  refuse(checked.problems);
};

export default check;
