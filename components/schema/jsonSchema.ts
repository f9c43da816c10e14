import { z } from "zod";
import { ACHIEVEMENTS } from "../../images/runner/src/runSpec.ts";
import { rewardFile } from "./rewardFile.ts";

/**
 * The JSON Schema of a reward config, as an editor uses it. Draft 4, the newest that TOML editors (Taplo) read in full;
 * that draft has no propertyNames, so maps keyed by achievement name their keys instead.
 */
export function rewardJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(rewardFile, {
    io: "input",
    target: "draft-4",
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      delete jsonSchema.propertyNames;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  }) as Record<string, unknown>;
  return { title: "rewardlab reward config", ...withAchievements(schema) as Record<string, unknown> };
}

/** The text of configs/reward.schema.json. */
export function rewardJsonSchemaText(): string {
  return `${JSON.stringify(rewardJsonSchema(), null, 2)}\n`;
}

const BY_ACHIEVEMENT = ["step_rewards_weights", "step_rewards_k_limits"];

function withAchievements(node: unknown, name = ""): unknown {
  if (Array.isArray(node)) return node.map((item) => withAchievements(item));
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withAchievements(value, key)]));
  if (!BY_ACHIEVEMENT.includes(name)) return entries;
  const value = entries["additionalProperties"];
  return { ...entries, properties: Object.fromEntries(ACHIEVEMENTS.map((achievement) => [achievement, value])), additionalProperties: false };
}
