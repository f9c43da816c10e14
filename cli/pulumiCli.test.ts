import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PROJECT_ROOT } from "../components/settings.ts";
import { exitCodeOf } from "./exit.ts";
import { demandOwnCluster, runPulumi, runPulumiChecked } from "./pulumiCli.ts";

/** Against a stand-in for the command line: a script that keeps its arguments, writes a log of events and ends. */
const path = process.env["PATH"];
let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), "rewardlab-fake-pulumi-")); });
afterEach(() => {
  process.env["PATH"] = path;
  rmSync(folder, { recursive: true });
});

const urn = "urn:pulumi:dev::rewardlab::kubernetes:apps/v1:Deployment::pair-0-vllm-deployment";
const violation = {
  policyEvent: { resourceUrn: urn, policyName: "images-by-digest", policyPackName: "rewardlab", message: "Containers take…\nthe image x:1. Write name@sha256", enforcementLevel: "mandatory" },
};

function install(script: string): void {
  writeFileSync(join(folder, "pulumi"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, "pulumi"), 0o755);
  process.env["PATH"] = `${folder}:${path}`;
}

async function run(events: object[], status: number): Promise<{ args: string[]; error: Error | null }> {
  writeFileSync(join(folder, "events"), events.map((event) => JSON.stringify(event)).join("\n"));
  install(`printf '%s\\n' "$@" > ${folder}/args\nfor last; do :; done\ncat ${folder}/events > "$last"\nexit ${status}`);
  const error = await runPulumiChecked(["up", "--stack", "dev"], new AbortController().signal).then(() => null, (thrown: Error) => thrown);
  return { args: readFileSync(join(folder, "args"), "utf8").trim().split("\n"), error };
}

it("runs under the project's policies", async () => {
  const { args, error } = await run([], 0);
  expect(error).toBeNull();
  expect(args.slice(0, 5)).toEqual(["up", "--stack", "dev", "--policy-pack", join(PROJECT_ROOT, "policy")]);
});

it("waits for all pairs at once, whatever the machine, unless the user has set how many operations are under way", async () => {
  install(`echo $PULUMI_PARALLEL > ${folder}/parallel`);
  const asked = async (under: string | undefined) => {
    vi.stubEnv("PULUMI_PARALLEL", under);
    await runPulumi(["up"], new AbortController().signal).finally(() => vi.unstubAllEnvs());
    return readFileSync(join(folder, "parallel"), "utf8").trim();
  };
  expect(await asked(undefined)).toBe("512");
  expect(await asked("8")).toBe("8");
});

it("ends with 78 on a violation, with resource, rule and remedy, and says that nothing was changed if that is so", async () => {
  const { error } = await run([violation, { resOutputsEvent: { planning: true, metadata: {} } }], 255);
  expect(exitCodeOf(error)).toBe(78);
  expect(error!.message).toBe("1 violation of the stack's policies (docs/guard-rails.md); nothing was changed\n  Deployment pair-0-vllm-deployment: images-by-digest: the image x:1. Write name@sha256");
  const halfDone = await run([{ resOutputsEvent: { metadata: {} } }, violation], 255);
  expect(halfDone.error!.message).not.toContain("nothing was changed");
});

it("takes no other failure, and no advice, for a violation", async () => {
  const advice = { policyEvent: { ...violation.policyEvent, enforcementLevel: "advisory" } };
  expect(exitCodeOf((await run([advice], 255)).error)).toBe(1);
});

it("refuses to destroy a stack in another cluster than the one that Pulumi has it on", async () => {
  const refused = (uid: string) => demandOwnCluster("dev", { name: "gpu", uid }).then(() => null, (error: Error) => error);
  install("test \"$*\" = 'stack output clusterUid --stack dev' && echo uid-1");
  expect(await refused("uid-1")).toBeNull();
  const error = await refused("uid-2");
  expect(exitCodeOf(error)).toBe(78);
  expect(error!.message).toMatch(/^Context "gpu" is another cluster \(its kube-system has the UID uid-2\) than the one that stack dev is on \(uid-1\)\. Nothing was changed\./);
  install("exit 255");
  expect(await refused("uid-2")).toBeNull();
});
