import { afterAll, beforeAll, expect, it } from "vitest";
import { CliProcess } from "./cliProcess.ts";

/** Machines on which a start must be refused, made with Linux namespaces: root's start goes no further than its checks. */

const cli = new CliProcess();
beforeAll(() => cli.copyProject());
afterAll(() => cli.remove());

/** Starts there; the start must be refused with status 78, and leave processes and files as they were. */
async function refusal(before: string): Promise<string[]> {
  const { status, stdout, stderr, ...machine } = await cli.runAlone(before, "start");
  expect(status, stderr).toBe(78);
  expect(stdout).toBe("");
  expect(machine.after).toBe(machine.before);
  const [title, ...problems] = stderr.trimEnd().split("\n").filter((line) => !line.startsWith("notice: "));
  expect(title).toBe("The embedded stack cannot run here; nothing was changed.");
  return problems;
}

const listen = (port: number) => `"${process.execPath}" -e 'require("node:net").createServer().listen(${port}, "0.0.0.0", () => console.log("up"))' > listening &
until [ -s listening ]; do sleep 0.05; done; rm listening`;

it.each([[16443, "the cluster (apiServer)"], [5000, "the image registry"]])("refuses a machine whose port %i is taken, and names the program that has it", async (port, use) => {
  const [problem, ...others] = await refusal(listen(port));
  expect(problem).toContain(`  port ${port}: needed for ${use}, and `);
  expect(problem).toMatch(/ and \S+ \(pid \d+\) listens on it; end that program, or /);
  expect(others).toEqual([]);
});

it("refuses a disk that is too small for the caches", async () => {
  expect(await refusal('mount -t tmpfs -o size=8m tmpfs "$XDG_CACHE_HOME"')).toEqual([
    expect.stringMatching(/^  \S+\/cache\/rewardlab: 25 GiB are needed on its disk, 0\.0 GiB are free; make room, or name a folder on a larger disk by XDG_CACHE_HOME/),
  ]);
});

it("refuses a disk that is too small for the state, and tells of a taken port and a missing model in the same message", async () => {
  cli.spoil("Pulumi.local.yaml", "    name: rewardlab/tiny\n", "    name: rewardlab/tiny\n    source: { kind: directory, path: /nowhere/model }\n");
  expect(await refusal(`mount -t tmpfs -o size=8m tmpfs "$XDG_STATE_HOME"\n${listen(5000)}`)).toEqual([
    expect.stringContaining("port 5000: needed for the image registry"),
    expect.stringMatching(/^  \S+\/state\/rewardlab: 2 GiB are needed on its disk, 0\.0 GiB are free/),
    "1 problem in the configuration; nothing was changed",
    expect.stringContaining('Pulumi.local.yaml model.source.path: is "/nowhere/model", which is not there'),
  ]);
});
