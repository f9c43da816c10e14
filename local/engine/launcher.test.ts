import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { quote, writeLauncher, writePulumiLauncher } from "./launcher.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "rewardlab-launcher's "))));
afterEach(() => rmSync(folder, { recursive: true }));

test("a launcher passes its arguments on as they are, whatever the path", () => {
  const path = join(folder, "echo");
  writeLauncher(path, [`exec printf ${quote("%s|")} ${quote(folder)} "$@"`]);
  expect(execFileSync(path, ["a b", "$HOME", "'"], { encoding: "utf8" })).toBe(`${folder}|a b|$HOME|'|`);
});

test("Pulumi leads a session of its own and keeps the launcher's pid, so that a signal to it reaches Pulumi", () => {
  writePulumiLauncher(folder, join(folder, "home"), "/bin/sh", ["/opt/first"]);
  const script = 'read -r pid _ _ _ _ session _ < /proc/self/stat; echo "$$ $(ps -o sid= -p $$ | tr -d " ") ${PATH%%:*} ${PULUMI_HOME}"';
  const [pid, session, first, ...home] = execFileSync(join(folder, "pulumi"), ["-c", script], { encoding: "utf8" }).trim().split(" ");
  expect(session).toBe(pid);
  expect(first).toBe("/opt/first");
  expect(home.join(" ")).toBe(join(folder, "home"));
});
