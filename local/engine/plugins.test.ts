import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readInstalledVersion } from "../providers/installedVersion.ts";
import { hasOfficial, preparePlugins } from "./plugins.ts";

let folder: string;
const folders = () => ({ official: join(folder, "official"), home: join(folder, "home"), bin: join(folder, "bin") });
const install = (name: string, sdk: string) => {
  const target = join(folder, "official", `resource-${name}-v${readInstalledVersion(sdk)}`);
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, `pulumi-resource-${name}`), "");
};

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "rewardlab-plugins-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test("without the official plugins the stand-ins are used, and one line says so", () => {
  const notice = preparePlugins(folders(), process.execPath);
  expect(notice).toMatch(/^the official Pulumi plugins kubernetes .*, docker .* aren't installed/);
  expect(notice).not.toContain("\n");
  for (const name of ["kubernetes", "docker"]) expect(existsSync(join(folder, "bin", `pulumi-resource-${name}`))).toBe(true);
});

test("an official plugin of the SDK's version is used in place of its stand-in", () => {
  preparePlugins(folders(), process.execPath);
  install("kubernetes", "@pulumi/kubernetes");
  expect((["kubernetes", "docker"] as const).map((name) => hasOfficial(name, folders().official))).toEqual([true, false]);
  expect(preparePlugins(folders(), process.execPath)).toMatch(/plugins docker .* aren't/);
  expect(existsSync(join(folder, "bin", "pulumi-resource-kubernetes"))).toBe(false);
  const link = join(folder, "home", "plugins", `resource-kubernetes-v${readInstalledVersion("@pulumi/kubernetes")}`);
  expect(readlinkSync(link)).toContain(join(folder, "official"));
  install("docker", "@pulumi/docker");
  expect(preparePlugins(folders(), process.execPath)).toBeUndefined();
});

test("a stand-in that no engine started says what it is and ends", () => {
  preparePlugins(folders(), process.execPath);
  const run = () => execFileSync(join(folder, "bin", "pulumi-resource-docker"), [], { encoding: "utf8", stdio: "pipe" });
  expect(run).toThrow(/Pulumi plugin; the Pulumi engine starts it/);
});
