import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { LocalContext } from "../context.ts";
import { aptSources, aptTransport } from "./aptSources.ts";
import { programOutput } from "./programOutput.ts";

/** The Debian release whose Python is 3.11, for which the lock files' packages are built. */
export const RELEASE = "bookworm";

/**
 * What pods need beyond the essential packages: Python, the two libraries that vLLM's CPU kernels load (without them its
 * engine dies with a missing init_cpu_memory_env), C++'s for Node, certificates.
 */
export const PACKAGES = ["python3", "libnuma1", "libgomp1", "libstdc++6", "ca-certificates", "tzdata"];

/** What every image of ours has as its user; with a name, because Python's getpass asks for one. */
const USER = "rewardlab:x:1000:1000::/home/rewardlab:/usr/sbin/nologin";

/** Files that no pod reads, left out as packages are unpacked. */
const UNUSED = ["doc", "man", "locale", "info", "bug", "lintian"].map((folder) => `path-exclude=/usr/share/${folder}/*`);

/**
 * Last steps in the finished tree, which the shell finds as $1. What says where the packages came from, and this machine's
 * own name and resolver, are of no use to a pod. 00mmdebstrap is mmdebstrap's own to remove.
 */
const FINISH = [
  'find "$1"/etc/apt -type f ! -name 00mmdebstrap -delete; rm -rf "$1"/var/cache/debconf "$1"/var/log/* "$1"/etc/hostname "$1"/etc/resolv.conf',
  `echo '${USER}' >> "$1"/etc/passwd && echo 'rewardlab:x:1000:' >> "$1"/etc/group && mkdir -p "$1"/home/rewardlab`,
];

/** What decides the layer's content, but for the versions that the mirror has on the day. */
export const DEBIAN_RECIPE = { RELEASE, PACKAGES, UNUSED, FINISH, USER };

/**
 * A Debian root tree with Python, made by mmdebstrap out of the machine's own apt sources: a tar stream, which begins when
 * the tree is finished. `onStep` is told what is being done until then.
 */
export async function debianLayer(workDir: string, onStep: (step: string) => void, ctx: LocalContext): Promise<Readable> {
  await mkdir(workDir, { recursive: true });
  const sources = join(workDir, "sources.list");
  await writeFile(sources, `${(await aptSources(RELEASE, ctx)).join("\n")}\n`);
  const args = [
    "--variant=essential",
    "--format=tar",
    `--include=${PACKAGES.join(",")}`,
    ...UNUSED.map((option) => `--dpkgopt=${option}`),
    ...(await aptTransport(ctx)).map((option) => `--aptopt=${option}`),
    ...FINISH.map((command) => `--customize-hook=${command}`),
    RELEASE,
    "-",
    sources,
  ];
  return programOutput("mmdebstrap", args, {
    signal: ctx.signal,
    env: { SOURCE_DATE_EPOCH: "1700000000" },
    onLine: (line) => {
      if (line.startsWith("I: ")) onStep(line.slice(3).replace(/ \S*\/\S*/, "").slice(0, 60));
    },
  });
}
