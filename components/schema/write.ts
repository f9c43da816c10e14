import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { rewardJsonSchemaText } from "./jsonSchema.ts";

/** `npm run schema`: writes configs/reward.schema.json, the file that the first line of every reward config names. */
const target = resolve(import.meta.dirname, "../../configs/reward.schema.json");
writeFileSync(target, rewardJsonSchemaText());
process.stdout.write(`wrote ${target}\n`);
