import { run } from "../command.ts";
import type { LocalContext } from "../context.ts";

/** What apt is asked for each of its sources. */
const FORMAT = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)";

/**
 * The sources of a Debian release and its updates, as lines of a sources.list, out of `apt-get indextargets` lines.
 * Empty when none serves the release's main component.
 */
export function sourcesOf(targets: string, release: string): string[] {
  const suites = [release, `${release}-updates`, `${release}-security`];
  const lines = targets.split("\n").flatMap((line) => {
    const [mirror, served = "", component] = line.split("|");
    return mirror && suites.includes(served) && component === "main" ? [`deb ${mirror} ${served} main`] : [];
  });
  const distinct = [...new Set(lines)];
  return distinct.some((line) => line.endsWith(` ${release} main`)) ? distinct : [];
}

/**
 * Asks apt itself, which reads both of its list formats, where this machine takes a Debian release from.
 * Throws an Error when none of its sources serves the release.
 */
export async function aptSources(release: string, ctx: LocalContext): Promise<string[]> {
  const ask = async () => sourcesOf(await run("apt-get", ["indextargets", "--format", FORMAT, "Created-By: Packages"], ctx), release);
  let sources = await ask();
  if (sources.length === 0) {
    // apt names only the sources whose lists it has fetched.
    ctx.progress("base image: apt-get update");
    await run("apt-get", ["-q", "update"], ctx);
    sources = await ask();
  }
  if (sources.length === 0) {
    throw new Error(
      `no apt source of this machine serves Debian ${release}, from which the base image is made; add one to ` +
        "/etc/apt/sources.list.d, or use a stack on another cluster: README.md, On a cluster of your own",
    );
  }
  return sources;
}

/** How this machine's apt reaches its mirrors (proxy, certificates), as settings to hand on. */
export async function aptTransport(ctx: LocalContext): Promise<string[]> {
  return transportOf(await run("apt-config", ["dump"], ctx));
}

/** Of `apt-config dump`, the settings of the http and https transports that have a value. */
export function transportOf(dump: string): string[] {
  return dump.split("\n").filter((line) => /^Acquire::https?::\S+ ".+";$/i.test(line));
}
