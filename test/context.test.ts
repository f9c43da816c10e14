import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CliProcess, type Ended } from "./cliProcess.ts";

/** `--context` where no cluster is asked, or none answers. With clusters: context.cluster.test.ts. */
const cli = new CliProcess();
const state = () => join(cli.folder, "state", "rewardlab");

beforeAll(() => {
  cli.copyProject();
  mkdirSync(join(cli.folder, "home", ".kube"));
  // Nothing listens on port 9 of a loopback address that no program uses.
  writeFileSync(join(cli.folder, "home", ".kube", "config"), JSON.stringify({
    "current-context": "dead",
    clusters: [{ name: "dead", cluster: { server: "https://127.99.99.99:9443" } }], users: [{ name: "me", user: { token: "sentinel-token" } }],
    contexts: [{ name: "dead", context: { cluster: "dead", user: "me" } }, { name: "other", context: { cluster: "dead", user: "me" } }],
  }));
  writeFileSync(cli.inProject(".env"), "SYNTH_API_KEY=one\nENVIRONMENT_API_KEY=two\n");
  const stack = readFileSync(cli.inProject("Pulumi.dev.yaml"), "utf8");
  writeFileSync(cli.inProject("Pulumi.ready.yaml"), stack.replace("builder: BuilderBuildKit", "builder: BuilderV1"));
});
afterAll(() => cli.remove());

/** A refusal for people: no stack trace, no credential, and nothing kept. */
function expectRefusal({ status, stderr }: Ended, code: number, ...parts: string[]): void {
  for (const part of parts) expect(stderr).toContain(part);
  expect(stderr).not.toMatch(/^ +at |sentinel-token/m);
  expect(status, stderr).toBe(code);
  expect(cli.created.filter((path) => !path.startsWith("home"))).toEqual([]);
}

describe("a context", () => {
  const verbs = [["start"], ["watch"]];
  it.each(verbs)("that is unknown is refused by %s, with those that there are", async (...verb) => {
    expectRefusal(await cli.run(...verb, "--context", "nope", "--stack", "ready"), 78, 'context "nope" is not in', "which has: dead, other", "--context");
  });

  it("whose cluster does not answer is told with its address, and how to look", async () => {
    expectRefusal(await cli.run("start", "--context", "dead", "--stack", "ready"), 1,
      'The cluster of context "dead" (https://127.99.99.99:9443) cannot be reached', "kubectl --context dead get nodes", "Nothing was changed");
    expectRefusal(await cli.run("down", "--context", "dead", "--stack", "ready"), 1, "cannot be reached");
  });

  it("is asked for nothing while the stack's own files are wrong", async () => {
    const { stderr, ...rest } = await cli.run("start", "--context", "dead", "--stack", "dev");
    expectRefusal({ stderr, ...rest }, 78, "images.builder is BuilderBuildKit", "BuilderV1", "pulumi plugin install resource docker");
    expect(stderr).not.toContain("asking the cluster");
  });

  it("has to be named for a stack that is not the embedded one, with the other way", async () => {
    expectRefusal(await cli.run("start", "--stack", "dev"), 78, "--context NAME", "npx rewardlab up --stack dev");
  });
});

it("a clean-up refuses to lose the state of a stack on a context, and says how to take it down", async () => {
  const folder = join(state(), "contexts", "exp");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "cluster.json"), JSON.stringify({ uid: "1", context: "dead" }));
  const { status, stderr } = await cli.run("start", "--clean");
  expect(stderr).toContain('Stack "exp" is up on context "dead"');
  expect(stderr).toContain("npm start -- --context dead --stack exp --clean");
  expect(status).toBe(78);
  expect(readFileSync(join(folder, "cluster.json"), "utf8")).toContain("dead");
});
