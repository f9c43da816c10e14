import { copyFile, cp, mkdir, realpath, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { run } from "../command.ts";
import { tarStream } from "./tarStream.ts";

/** Where the certificates of the machine lie in the build image. */
const CERTIFICATES = "usr/local/share/build-certificates.pem";

/**
 * npm, and how this machine reaches its registry (address, certificates): a layer of the build image alone and of no image
 * that runs. Of npm's settings only these two are taken: others may be secrets.
 */
export async function npmLayer(workDir: string, certificates: string | undefined, signal: AbortSignal): Promise<Readable> {
  const at = (...parts: string[]) => join(workDir, "usr", "local", ...parts);
  for (const folder of [at("lib", "node_modules"), at("bin"), at("etc"), at("share")]) await mkdir(folder, { recursive: true });
  const npm = await npmFolder(signal);
  await cp(npm, at("lib", "node_modules", "npm"), { recursive: true, dereference: true });
  await symlink("../lib/node_modules/npm/bin/npm-cli.js", at("bin", "npm"));
  const lines = [`registry=${await npmSetting("registry", npm, signal)}`, "update-notifier=false"];
  const trusted = certificates ?? (await npmSetting("cafile", npm, signal));
  if (trusted !== "") {
    await copyFile(trusted, join(workDir, CERTIFICATES));
    lines.push(`cafile=/${CERTIFICATES}`);
  }
  await writeFile(at("etc", "npmrc"), `${lines.join("\n")}\n`);
  return tarStream(workDir, signal);
}

/** A setting of npm; empty when it isn't set. */
async function npmSetting(name: string, npm: string, signal: AbortSignal): Promise<string> {
  // npm looks for its global file beside the Node that runs it, which here is the project's own and has none.
  const globalFile = join(npm, "..", "..", "..", "etc", "npmrc");
  const value = (await run("npm", ["config", "get", name, "--globalconfig", globalFile], { signal })).trim();
  return value === "null" || value === "undefined" ? "" : value;
}

/** The folder of the machine's npm. Throws an Error when there is none. */
async function npmFolder(signal: AbortSignal): Promise<string> {
  const path = (await run("sh", ["-c", "command -v npm || true"], { signal })).trim();
  if (path === "") throw new Error("npm is not on the PATH, and the runner's image is built with it; start through npm: npm start");
  // npm-cli.js lies in <npm>/bin.
  return dirname(dirname(await realpath(path)));
}
