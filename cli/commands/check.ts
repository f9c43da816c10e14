import { checkConfigs } from "../../components/check.ts";
import { refuse } from "../../components/config/problem.ts";
import { verb } from "../command.ts";

export default verb({
  meta: { name: "check", description: "Validate reward configs and show the run that each of them means. Reads the files and touches nothing else." },
  example: "rewardlab check configs/*.toml",
  args: {
    files: { type: "positional", required: true, valueHint: "FILE...", description: "reward configs (TOML)" },
    json: { type: "boolean", description: "print the resolved RunSpecs, notices and problems as one JSON object" },
  },
  async run(args, { print }) {
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
  },
});
