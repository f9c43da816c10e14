import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cgroupPath, cgroupProcesses, cgroupsOf, makeCgroups, removeCgroups } from "./cgroups.ts";

test("a process in a part's cgroup is found there, and the part goes with the last one", async () => {
  const before = cgroupsOf("builds");
  const child = spawn("sleep", ["60"]);
  const ended = new Promise((resolve) => child.once("close", resolve));
  try {
    makeCgroups("builds");
    const folder = cgroupsOf("builds").find((path) => path.endsWith(cgroupPath("builds")))!;
    writeFileSync(join(folder, "cgroup.procs"), String(child.pid));
    expect(cgroupProcesses("builds")).toContain(child.pid);
    expect(cgroupProcesses("node")).not.toContain(child.pid);
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
  if (before.length > 0) return;
  removeCgroups("builds");
  expect(cgroupsOf("builds").filter((path) => existsSync(path))).toEqual([]);
});
