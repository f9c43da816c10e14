import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { CommandError, run } from "./command.ts";
import type { LocalContext } from "./context.ts";

/** Debian's hook that says whether a package may start its service on installation: 101 is "no", see invoke-rc.d(8). */
const POLICY_FILE = "/usr/sbin/policy-rc.d";
const POLICY = "#!/bin/sh\n# Made by rewardlab while it installs packages; removed right after.\nexit 101\n";

/** apt in a form that never asks, waits when another apt is at work, and removes nothing to make room for a package. */
const APT_OPTIONS = ["-y", "-q", "--no-remove", "-o", "DPkg::Lock::Timeout=300", "-o", "APT::Acquire::Retries=3"];
const APT_ENV = { DEBIAN_FRONTEND: "noninteractive" };

/**
 * Installs the Debian packages that are missing, without their services being started.
 * Throws when apt isn't here or can't install them, with the list and apt's own words.
 */
export async function ensureDebianPackages(names: string[], ctx: LocalContext): Promise<void> {
  const turn = queue.then(() => install(names, ctx));
  queue = turn.catch(() => undefined);
  return turn;
}

/** One at a time in this process: two would take each other's service policy away. */
let queue: Promise<unknown> = Promise.resolve();
/** Whether this process has fetched the package lists. */
let listsAreNew = false;

async function install(names: string[], ctx: LocalContext): Promise<void> {
  const missing = await missingPackages(names);
  if (missing.length === 0) return;
  if (!existsSync("/usr/bin/apt-get")) throw new Error(noAptMessage(missing));
  ctx.progress(`installing Debian packages: ${missing.join(" ")}`);
  const keepServicesDown = placePolicy();
  try {
    // What an interrupted installation left half-done would make the next one refuse to begin.
    await run("dpkg", ["--configure", "-a"], { env: APT_ENV, signal: ctx.signal });
    if (!listsAreNew) await apt(["update"], ctx);
    listsAreNew = true;
    await apt(["install", "--no-install-recommends", ...missing], ctx);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const remedy = "check /etc/apt/sources.list and the network, then run the same command again";
    throw new Error(`apt-get can't install ${missing.join(" ")}; ${remedy}\n${error.message}`, { cause: error });
  } finally {
    keepServicesDown.end();
  }
}

/** Which of these packages aren't installed; all of them on a machine without dpkg. */
export async function missingPackages(names: string[]): Promise<string[]> {
  if (!existsSync("/usr/bin/dpkg-query")) return names;
  const query = ["-W", "-f", "${binary:Package} ${db:Status-Status}\n", ...names];
  const listing = await run("dpkg-query", query).catch((error: unknown) => {
    // Status 1 says that some of them are unknown; the known ones are listed all the same.
    if (error instanceof CommandError && error.status === 1) return error.output;
    throw error;
  });
  return missingFrom(names, listing);
}

/** `listing`: lines of `name status` as dpkg-query prints them, a foreign architecture's name with `:arch`. */
export function missingFrom(names: string[], listing: string): string[] {
  const installed = new Set(
    listing.split("\n").flatMap((line) => {
      const [name, status] = line.split(" ");
      return name && status === "installed" ? [name.replace(/:.*/, "")] : [];
    }),
  );
  return names.filter((name) => !installed.has(name));
}

export function noAptMessage(missing: string[]): string {
  return (
    `these programs come from Debian packages and there is no apt-get here: ${missing.join(" ")}. ` +
    "Install them by hand, use a Debian or Ubuntu machine, or use a stack on another cluster: README.md, On a cluster of your own"
  );
}

async function apt(args: string[], ctx: LocalContext): Promise<void> {
  let reported = Date.now();
  // apt waits for dpkg's lock when told to, but never for the one of its package lists.
  await run("flock", ["--no-fork", "/etc/apt", "apt-get", ...APT_OPTIONS, ...args], {
    env: APT_ENV,
    signal: ctx.signal,
    onLine: (line) => {
      if (Date.now() - reported < 2000) return;
      reported = Date.now();
      ctx.progress(`apt-get ${args[0]}: ${line.split("\r").at(-1)!.trim().slice(0, 100)}`);
    },
  });
}

/** Keeps a policy that the machine has; one of ours that a killed run left counts as not there. */
function placePolicy(): { end: () => void } {
  if (existsSync(POLICY_FILE) && readFileSync(POLICY_FILE, "utf8") !== POLICY) return { end: () => undefined };
  writeFileSync(POLICY_FILE, POLICY, { mode: 0o755 });
  return { end: () => rmSync(POLICY_FILE, { force: true }) };
}
