import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../local/providers/testProcess.ts";
import { CliProcess } from "../test/cliProcess.ts";

/** A teardown whose cluster does not answer: the command line itself, with a kubeconfig of a server that is not there. */
let cli: CliProcess;
beforeAll(async () => {
  cli = new CliProcess();
  cli.copyProject();
  mkdirSync(join(cli.folder, "home", ".kube"));
  writeFileSync(join(cli.folder, "home", ".kube", "config"), JSON.stringify({
    apiVersion: "v1", kind: "Config", "current-context": "gone",
    clusters: [{ name: "gone", cluster: { server: `https://127.0.0.1:${await freePort()}`, "insecure-skip-tls-verify": true } }], users: [{ name: "gone", user: { token: "t" } }],
    contexts: [{ name: "gone", context: { cluster: "gone", user: "gone" } }],
  }));
  writeFileSync(cli.inProject(".env"), "SYNTH_API_KEY=one\nENVIRONMENT_API_KEY=two\n");
});
afterAll(() => cli.remove());

it("says what was not reached, where the results are, and what to do; with a context, and by the user's own Pulumi", async () => {
  const { status, stderr } = await cli.run("down", "--context", "gone", "--stack", "dev");
  expect(stderr).toMatch(/The cluster of context "gone" \(https:\/\/127\.0\.0\.1:\d+\) cannot be reached: .*ECONNREFUSED/);
  expect(stderr).toContain('Not done: the runs of stack "dev" were not stopped, and nothing was destroyed.');
  expect(stderr).toContain("Results: those of its claim, if it has one, are in namespace results-rewardlab-dev of that cluster, and none was collected before");
  expect(stderr).toContain("When the cluster answers again: rewardlab down --context gone --stack dev");
  expect(stderr).toMatch(/If it is gone for good, .*: rm -r .*contexts\/dev/);
  expect(status).toBe(1);

  mkdirSync(cli.inProject("runs", "dev", "2026-01-01T00-00-00"), { recursive: true });
  cli.spoil("Pulumi.dev.yaml", "context: gpu-cluster", "context: gone");
  const own = await cli.run("down", "--stack", "dev");
  expect(own.stderr).toContain("what was collected before is in runs/dev/2026-01-01T00-00-00");
  expect(own.stderr).toContain("PULUMI_K8S_DELETE_UNREACHABLE=true pulumi destroy --stack dev");
  expect(own.status).toBe(1);
}, 60_000);
