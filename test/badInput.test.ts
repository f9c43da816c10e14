import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ConfigError, formatProblem } from "../components/config/problem.ts";
import { PROJECT_ROOT, readStackSettings } from "../components/settings.ts";
import { planStack } from "../components/stackPlan.ts";
import { runSpec } from "../images/runner/src/runSpec.ts";
import { CliProcess, type Ended } from "./cliProcess.ts";
import { closedRegistry } from "./closedRegistry.ts";

/** What a user reads of a wrong input, from the real command line: the place, the remedy, status 78, and nothing made. */

const CONFIG = readFileSync(join(PROJECT_ROOT, "configs", "crafter_rl_outcome.toml"), "utf8");
const HUB = "source: { kind: hub, revision: main }";
const lineOf = (part: string) => CONFIG.slice(0, CONFIG.indexOf(part)).split("\n").length;

function changed(from: string, to: string): string {
  if (!CONFIG.includes(from)) throw new Error(`no "${from}" in the config`);
  return CONFIG.replace(from, to);
}

function expectRefusal({ status, stderr }: Ended, ...parts: string[]): void {
  for (const part of parts) expect(stderr).toContain(part);
  // A stack trace means that nobody foresaw it.
  expect(stderr).not.toMatch(/^ +at /m);
  expect(status, stderr).toBe(78);
}

describe("the command line", () => {
  const cli = new CliProcess();
  afterAll(() => cli.remove());
  afterEach(() => expect(cli.created).toEqual([]));

  const inConfig: [what: string, text: string, ...parts: string[]][] = [
    ["a TOML syntax error", changed("[vllm]", "[vllm"), `bad.toml:${lineOf("[vllm]")}:6: is not TOML`, "Mend this line: [vllm"],
    ["an unknown key", changed("\ngroup_size = 4", "\ngroup_size = 4\ngroup_sise = 4"), `bad.toml:${lineOf("\ngroup_size = 4") + 2}:1 training.group_sise: is not a known key`, "Did you mean training.group_size?"],
    ["a wrong type", changed("\nbatch_size = 4", '\nbatch_size = "four"'), `bad.toml:${lineOf("\nbatch_size = 4") + 1}:1 training.batch_size: is "four", but must be a number`, "Write for example training.batch_size = 4"],
    ["two numbers of turns", changed("\nmax_turns = 10 # published", "\nmax_turns = 8 # published"), "training.max_turns: is 8 but rollout.max_turns is 10", "Keep one of them, or give both the same value"],
    ["a rank that vLLM does not serve", changed("\nr = 16", "\nr = 12"), "lora.r: is 12", "Write lora.r = 16"],
  ];
  it.each(inConfig)("refuses %s of a reward config with its place and the remedy", async (_what, text, ...parts) => {
    cli.write("bad.toml", text);
    expectRefusal(await cli.run("check", "bad.toml"), "1 problem in the configuration; nothing was changed", ...parts);
  });

  it("reports two bad files at once, beside a good one and one that is not there", async () => {
    cli.write("one.toml", changed("[vllm]", "[vllm"));
    cli.write("two.toml", changed("\nr = 16", "\nr = 12"));
    cli.write("good.toml", CONFIG);
    expectRefusal(await cli.run("check", "one.toml", "two.toml", "good.toml", "none.toml"), "3 problems", "one.toml:", "two.toml:", "none.toml: does not exist. Give the path of a reward config");
  });

  it("prints RunSpecs that the runner accepts, and with a bad file its problems, as one JSON object", async () => {
    cli.write("good.toml", CONFIG);
    cli.write("bad.toml", changed("\nr = 16", "\nr = 12"));
    const good = await cli.run("check", "--json", "good.toml");
    expect(good).toMatchObject({ status: 0, stderr: "" });
    expect(JSON.parse(good.stdout).specs.map((spec: unknown) => runSpec.parse(spec).config.path)).toEqual(["good.toml"]);
    const bad = await cli.run("check", "--json", "good.toml", "bad.toml");
    expectRefusal(bad, "lora.r: is 12");
    expect(bad.stderr.match(/lora\.r: is 12/g)).toHaveLength(1);
    expect(JSON.parse(bad.stdout)).toMatchObject({ version: 1, specs: [{ config: { path: "good.toml" } }], problems: [{ file: "bad.toml", path: "lora.r" }] });
  });

  const words: [args: string[], ...parts: string[]][] = [
    [["chek"], 'there is no verb "chek"; did you mean check?', "Verbs: start, up"],
    [["start", "--kepp"], "unknown option --kepp (did you mean --keep?)", 'See "rewardlab start --help"'],
    [["doctor", "now"], 'unexpected argument "now"', 'See "rewardlab doctor --help"'],
    [["check"], "Missing required positional argument: FILES", "Add --help"],
    [["logs"], "Missing required argument: --run-name", "Add --help"],
    [["logs", "--run-name"], "option --run-name needs a value", 'See "rewardlab logs --help"'],
    [["watch"], "The embedded cluster is not up", "npm start -- --keep"],
    [["preview", "--stack", "nope"], "Pulumi.nope.yaml: can't be read", "pulumi stack init nope --copy-config-from dev"],
    [["report", "--from", "nowhere"], "nowhere cannot be read (ENOENT)", "runs/STACK/TIME"],
  ];
  it.each(words)("refuses %j and says what to type", async (args, ...parts) => {
    expectRefusal(await cli.run(...args), ...parts);
  });
});

describe("a stack", () => {
  const cli = new CliProcess();
  beforeAll(() => cli.copyProject());
  afterAll(() => cli.remove());
  afterEach(() => expect(cli.created).toEqual([]));

  it("of another cluster is refused without its env file, before Pulumi is asked", async () => {
    expectRefusal(await cli.run("up", "--stack", "dev"), ".env: does not exist", "Copy .env.example to .env and fill in SYNTH_API_KEY and ENVIRONMENT_API_KEY");
  });

  it("of another cluster is refused with a registry that takes no push, by preview and by up, before Pulumi is asked", async () => {
    using registry = await closedRegistry();
    writeFileSync(cli.inProject(".env"), "SYNTH_API_KEY=one\nENVIRONMENT_API_KEY=two\n");
    writeFileSync(cli.inProject("Pulumi.closed.yaml"), readFileSync(cli.inProject("Pulumi.dev.yaml"), "utf8").replace(/registry: \S+/, `registry: ${registry.address}/lab`));
    for (const verb of ["preview", "up"]) expectRefusal(await cli.run(verb, "--stack", "closed"), `the registry refuses a push to ${registry.address}/lab/task-app: it answers 403`, "Nothing was changed.");
  });

  it("on this machine is refused to another user than root, with the way that needs no root", async () => {
    expectRefusal(await cli.runUnprivileged("start"), "nothing was changed", "user: a kubelet needs root", "README.md, On a cluster of your own");
  });

  it("on this machine is refused when its model's folder is not there", async () => {
    cli.spoil("Pulumi.local.yaml", "    name: rewardlab/tiny\n", "    name: rewardlab/tiny\n    source: { kind: directory, path: /nowhere/model }\n");
    expectRefusal(await cli.runUnprivileged("start"), 'Pulumi.local.yaml model.source.path: is "/nowhere/model", which is not there', "Give the folder of a model on this machine");
  });

  it("with wrong settings is refused in one message with what the machine lacks", async () => {
    cli.spoil("Pulumi.local.yaml", "rewardlab:deadlineMinutes: 60", 'rewardlab:deadlineMinutes: "long"\n  rewardlab:deadlineMinute: 60');
    expectRefusal(await cli.runUnprivileged("up"), "a kubelet needs root", "Pulumi.local.yaml deadlineMinutes: is \"long\"", "Did you mean deadlineMinutes?");
  });
});

describe("a stack's plan", () => {
  const root = mkdtempSync(join(tmpdir(), "rewardlab-plan-"));
  const write = (name: string, text: string) => writeFileSync(join(root, name), text);
  beforeAll(() => {
    write("Pulumi.exp.yaml", readFileSync(join(PROJECT_ROOT, "Pulumi.dev.yaml"), "utf8"));
    write("good.toml", CONFIG);
    write("keys.env", "SYNTH_API_KEY=one\nENVIRONMENT_API_KEY=two\n");
  });
  afterAll(() => rmSync(root, { recursive: true }));

  /** The problems of the stack with some settings changed. */
  function problemsOf(change: Parameters<typeof readStackSettings>[1]): string[] {
    try {
      planStack(readStackSettings("exp", { envFile: "keys.env", experiments: [{ config: "good.toml" }], ...change }, root), "exp", root);
      return [];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      expect(error.exitCode).toBe(78);
      return error.problems.map(formatProblem);
    }
  }

  it("has no problem as long as nothing is wrong", () => expect(problemsOf({})).toEqual([]));

  it("says of a model folder on nodes, which can't be seen from here, what pods without it will do", () => {
    const noticesOf = (path: string) => {
      write("Pulumi.nodes.yaml", readFileSync(join(PROJECT_ROOT, "Pulumi.dev.yaml"), "utf8").replace(HUB, `source: { kind: directory, path: ${path} }`));
      const settings = readStackSettings("nodes", { envFile: "keys.env", experiments: [{ config: "good.toml" }] }, root);
      return planStack(settings, "nodes", root).notices.filter((notice) => notice.path === "model.source.path").map(({ text }) => text);
    };
    expect(noticesOf("/nowhere/model")).toEqual([expect.stringMatching(/^\/nowhere\/model is not on this machine.*FailedMount.*kubectl describe pod/)]);
    expect(noticesOf(root)).toEqual([]);
  });

  it("names a missing env file, and a missing key without any value", () => {
    expect(problemsOf({ envFile: "none.env" })).toEqual([expect.stringMatching(/^none\.env: does not exist\. Copy \.env\.example to none\.env/)]);
    write("half.env", "SYNTH_API_KEY=sentinel-half\n");
    const half = problemsOf({ envFile: "half.env" });
    expect(half).toEqual([expect.stringMatching(/^half\.env ENVIRONMENT_API_KEY: /)]);
    expect(half.join()).not.toContain("sentinel-half");
  });

  it("tells of env file and every config in one go", () => {
    write("bad.toml", changed("[vllm]", "[vllm"));
    const problems = problemsOf({ envFile: "none.env", experiments: [{ config: "bad.toml" }, { config: "none.toml" }, { config: "good.toml" }] });
    expect(problems.map((problem) => problem.split(/[: ]/)[0])).toEqual(["bad.toml", "none.env", "none.toml"]);
  });

  it("refuses an unknown key of the stack file, and a model folder that is no absolute path", () => {
    write("Pulumi.exp.yaml", readFileSync(join(PROJECT_ROOT, "Pulumi.dev.yaml"), "utf8").replace(HUB, "source: { kind: directory, path: models/tiny }"));
    expect(problemsOf({ experimets: [] } as object)).toEqual([
      "Pulumi.exp.yaml model.source.path: is \"models/tiny\": an absolute path. Give model.source.path such a value",
      "Pulumi.exp.yaml experimets: is not a known key. Did you mean experiments? If not, remove it",
    ]);
  });
});
