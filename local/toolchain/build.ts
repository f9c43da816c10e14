import { readdirSync } from "node:fs";
import { mkdir, readFile, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { run } from "../command.ts";
import type { Go } from "./go.ts";
import { type Family, goArch } from "./sources.ts";

/** Where a build stands. */
export type BuildState =
  | { step: "modules" }
  | { step: "compiling"; done: number; total: number }
  | { step: "linking"; done: number; total: number };

export interface BuildOptions {
  go: Go;
  /** Folder for Go's temporary files: on the same disk, and gone with the build's folder when it's interrupted. */
  tempDir: string;
  /** Folder for compiled packages, which the families of one call share. */
  goCache: string;
  signal?: AbortSignal;
  /** Called with a function that says where the build stands whenever it's asked. */
  onState: (state: () => BuildState) => void;
}

/**
 * The arguments of `go` that decide what the programs contain, packages last.
 *
 * `-s -w` leaves out the symbol table and the debug data, a third of the size. `-buildvcs=false`: else git runs, and may
 * refuse the checkout's owner.
 */
export function buildArgs(family: Family): string[] {
  const stamps = Object.entries(family.stamps).map(([variable, value]) => `-X ${variable}=${value}`);
  return [
    "-trimpath",
    "-buildvcs=false",
    ...(family.tags.length > 0 ? [`-tags=${family.tags.join(",")}`] : []),
    `-ldflags=${["-s", "-w", ...stamps].join(" ")}`,
    ...Object.values(family.packages),
  ];
}

/**
 * Builds the programs of a family into `binDir`, all mains in one `go build` so that what they share compiles once.
 * Modules come from the user's own module cache, or into it.
 *
 * Throws CommandError with Go's last lines when a module can't be fetched or a package doesn't compile.
 */
export async function build(family: Family, binDir: string, options: BuildOptions): Promise<void> {
  const { go, signal, onState } = options;
  await mkdir(binDir, { recursive: true });
  await mkdir(options.tempDir, { recursive: true });
  const runGo = (args: string[], onLine?: (line: string) => void): Promise<string> =>
    // With setpriv, Go gets a SIGTERM when this process is killed: nobody would use what it goes on to build.
    run("setpriv", ["--pdeathsig", "TERM", "env", ...goEnvironment(options), go.path, ...args], {
      cwd: family.moduleDir,
      signal,
      onLine,
      group: true,
    });
  const args = buildArgs(family);

  onState(() => ({ step: "modules" }));
  const listed = await runGo(["list", "-deps", "-f", "{{if and .Stale (ne .Name \"main\")}}{{.ImportPath}}{{end}}", ...args]);
  const stale = new Set(listed.split("\n").filter((line) => line !== ""));

  const total = stale.size;
  const programs = Object.entries(family.packages);
  onState(() =>
    stale.size > 0
      ? { step: "compiling", done: total - stale.size, total }
      : { step: "linking", done: readdirSync(binDir).length, total: programs.length },
  );
  // With -v, go names each package when it turns to it.
  await runGo(["build", "-v", "-o", `${binDir}/`, ...args], (line) => void stale.delete(line));
  for (const [program, package_] of programs) {
    const built = builtName(package_);
    if (built !== program) await rename(join(binDir, built), join(binDir, program));
  }
}

/** The file name that `go build` gives a main package: its last path element, or the one before a major version. */
export function builtName(package_: string): string {
  const last = basename(package_);
  return /^v[0-9]+$/.test(last) ? basename(dirname(package_)) : last;
}

/**
 * Settings for `env`: no download of another Go, no C compiler (the programs must run without this machine's libraries),
 * nothing from a user's workspace file or flags, and go.mod and go.sum as they are committed. GOGC trades memory that a build machine has for compile time.
 */
function goEnvironment({ tempDir, goCache }: BuildOptions): string[] {
  const target = ["GOOS=linux", `GOARCH=${goArch(process.arch)}`];
  // An empty GOFLAGS would let `go env -w` speak.
  const flags = ["GOTOOLCHAIN=local", "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly"];
  return [...target, ...flags, "GOGC=400", `GOTMPDIR=${tempDir}`, `GOCACHE=${goCache}`];
}

/** The lowest Go version that a module takes: the `go` line of its go.mod. */
export async function neededGo(family: Family): Promise<string> {
  const text = await readFile(join(family.moduleDir, "go.mod"), "utf8");
  const version = /^go\s+(\S+)\s*$/m.exec(text)?.[1];
  if (version === undefined) throw new Error(`${family.moduleDir}/go.mod has no go line`);
  return version;
}
