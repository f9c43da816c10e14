import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../command.ts";
import type { LocalContext } from "../context.ts";
import { withLock } from "../toolchain/lock.ts";
import { dropOldEnvs, noteUser, STAMP } from "./envUsers.ts";
import { environmentHash, mergeLocks, readLocks } from "./locks.ts";
import { type Interpreter, findPython } from "./interpreter.ts";

/** The installer; from the package index like everything else, four times as fast as pip for a few gigabytes. */
const UV = "uv==0.13.9";
/**
 * An environment that was in use when a newer one was made is dropped later, at the first call after a day in which nobody
 * asked for it: two checkouts with other lock files that are used in turn shall not make theirs anew each time.
 */
const A_DAY_MS = 24 * 3600 * 1000;

export interface PythonEnvSpec {
  /** The user's cache folder: the environment is made in `<cacheDir>/python/<name>-<hash>`. */
  cacheDir: string;
  name: string;
  /** Lock files that are installed together, without dependencies; where two name a package they must agree. */
  lockFiles: string[];
  /** Python programs to run with the new environment's interpreter when all is installed. */
  afterInstall?: string[];
}

export interface PythonEnv {
  directory: string;
  python: string;
  /** Package name → version. */
  pins: Map<string, string>;
  /** The interpreter's version, for example `3.11.7`. */
  version: string;
}

/**
 * A virtual environment with exactly these pins, compiled to bytecode; made once and kept.
 *
 * It is complete when its stamp is there: a virtual environment can't be made elsewhere and renamed, since its programs
 * hold its path. Throws when there is no Python 3.11, when the lock files disagree, or when a package can't be installed.
 */
export async function ensurePythonEnv(spec: PythonEnvSpec, ctx: LocalContext): Promise<PythonEnv> {
  const pins = mergeLocks(await readLocks(spec.lockFiles));
  const interpreter = await findPython(ctx.signal);
  const programs = await Promise.all((spec.afterInstall ?? []).map((path) => readFile(path, "utf8")));
  const root = join(spec.cacheDir, "python");
  const directory = join(root, `${spec.name}-${environmentHash(pins, interpreter.version, programs)}`);
  const env = { directory, python: join(directory, "bin", "python"), pins, version: interpreter.version };
  if (!isComplete(env)) {
    await withLock(`${directory}.lock`, ctx.progress, ctx.signal, async () => {
      if (!isComplete(env)) await make(spec, env, interpreter, ctx);
    });
    await dropOldEnvs(root, spec.name, directory, 0);
  }
  const now = new Date();
  await utimes(join(directory, STAMP), now, now);
  await noteUser(directory);
  await dropOldEnvs(root, spec.name, directory, A_DAY_MS);
  return env;
}

function isComplete(env: PythonEnv): boolean {
  return existsSync(join(env.directory, STAMP)) && existsSync(env.python);
}

async function make(spec: PythonEnvSpec, env: PythonEnv, base: Interpreter, ctx: LocalContext): Promise<void> {
  const started = Date.now();
  const seconds = (): number => Math.round((Date.now() - started) / 1000);
  const say = (what: string): void => ctx.progress(`Python environment ${spec.name}: ${what} (${seconds()} s)`);
  const ticker = setInterval(() => say(`installing ${env.pins.size} packages`), 5000);
  try {
    say(`installing ${env.pins.size} packages`);
    await rm(env.directory, { recursive: true, force: true });
    await mkdir(env.directory, { recursive: true });
    await run(base.path, ["-m", "venv", "--without-pip", env.directory], { signal: ctx.signal });
    const pinFile = join(env.directory, "pins.txt");
    await writeFile(pinFile, [...env.pins].map(([name, version]) => `${name}==${version}\n`).join(""));
    if (env.pins.size > 0) await install(env, base, pinFile, ctx);
    for (const program of spec.afterInstall ?? []) await run(env.python, [program], { signal: ctx.signal });
    const stamp = { schema: 1, python: base.version, packages: env.pins.size, seconds: seconds() };
    const temporary = join(env.directory, `.${STAMP}`);
    await writeFile(temporary, `${JSON.stringify(stamp)}\n`);
    await rename(temporary, join(env.directory, STAMP));
    say("ready");
  } finally {
    clearInterval(ticker);
  }
}

/** With uv, which lives in an environment of its own for as long as it is needed. */
async function install(env: PythonEnv, base: Interpreter, pinFile: string, ctx: LocalContext): Promise<void> {
  const installer = join(env.directory, "installer");
  // Bytecode is checked by nothing (PEP 552): the image's layer, made from these files, has no time stamps to check, and
  // under a read-only root file system 20,000 files would be compiled again at every start.
  const options = {
    signal: ctx.signal,
    env: { PYC_INVALIDATION_MODE: "UNCHECKED_HASH", UV_NO_CACHE: "1", UV_HTTP_TIMEOUT: "180" },
  };
  const into = ["--no-deps", "--compile-bytecode", "--python", env.python, "-r", pinFile];
  await run(base.path, ["-m", "venv", installer], options);
  await run(join(installer, "bin", "pip"), ["install", "--quiet", UV], options);
  await run(join(installer, "bin", "uv"), ["pip", "install", "--quiet", ...into], options);
  await rm(installer, { recursive: true, force: true });
}
