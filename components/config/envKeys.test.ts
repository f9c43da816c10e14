import { describe, expect, it } from "vitest";
import { checkEnvKeys } from "./envKeys.ts";
import { formatProblem } from "./problem.ts";

const GOOD = { SYNTH_API_KEY: "value-one", ENVIRONMENT_API_KEY: "value-two" };

describe("an env file's keys", () => {
  it("are the required ones and any of the optional ones", () => {
    expect(checkEnvKeys(".env", { ...GOOD, OPENAI_API_KEY: "value-three", GROQ_API_KEY: "" })).toEqual({
      secrets: { ...GOOD, OPENAI_API_KEY: "value-three" }, taskAppUrl: undefined, problems: [], notices: [],
    });
  });

  it("are named when they are missing or empty, with file and remedy", () => {
    expect(checkEnvKeys(".env", { SYNTH_API_KEY: "" }).problems.map(formatProblem)).toEqual([
      expect.stringMatching(/^\.env SYNTH_API_KEY: is empty\. Write SYNTH_API_KEY=\.\.\./),
      expect.stringMatching(/^\.env ENVIRONMENT_API_KEY: is missing\. Write ENVIRONMENT_API_KEY=\.\.\./),
    ]);
  });

  it("that are misspelt are told the nearest name", () => {
    const { problems } = checkEnvKeys(".env", { ...GOOD, OPENAI_APIKEY: "secret-value" });
    expect(problems.map(({ path, write }) => [path, write])).toEqual([["OPENAI_APIKEY", "Did you mean OPENAI_API_KEY? If not, remove it"]]);
  });

  it("never show a value, whatever is wrong", () => {
    const result = checkEnvKeys(".env", { SYNTH_API_KEY: "sentinel one", ENVIRONMENT_API_KEY: "sentinel\ntwo", WRONG: "sentinel-three", SFT_OUTPUT_DIR: "sentinel-four" });
    expect(result.problems).toHaveLength(3);
    expect(JSON.stringify([result.problems, result.notices])).not.toContain("sentinel");
  });

  it("of the format that are no secrets of ours are accepted; TASK_APP_URL counts", () => {
    const { problems, notices, taskAppUrl } = checkEnvKeys(".env", { ...GOOD, TASK_APP_URL: "https://app.test", TASKAPP_TRACING_ENABLED: "1" });
    expect([problems, taskAppUrl, notices.map(({ path }) => path)]).toEqual([[], "https://app.test", ["TASKAPP_TRACING_ENABLED"]]);
  });
});
