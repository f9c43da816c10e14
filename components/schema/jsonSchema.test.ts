import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { rewardJsonSchemaText } from "./jsonSchema.ts";

it("is what is committed (if not, run: npm run schema)", () => {
  expect(readFileSync(resolve(import.meta.dirname, "../../configs/reward.schema.json"), "utf8")).toBe(rewardJsonSchemaText());
});

it("refuses unknown keys and names the achievements, as the validator does", () => {
  const schema = JSON.parse(rewardJsonSchemaText());
  expect(schema.additionalProperties).toBe(false);
  expect(schema.required).toEqual(expect.arrayContaining(["algorithm", "compute", "rollout", "training", "evaluation"]));
  const weights = schema.properties.training.properties.step_rewards_weights;
  expect(Object.keys(weights.properties)).toContain("eat_cow");
  expect(weights.additionalProperties).toBe(false);
});

it("says of a key without effect that it has none", () => {
  const schema = JSON.parse(rewardJsonSchemaText());
  expect(schema.properties.rollout.properties.ops.description).toMatch(/^No effect here: /);
});
