import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { folders, PROJECT_ROOT } from "../components/settings.ts";

export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** What is in no checkout: a program makes it again where it runs. */
const MADE = /\/(node_modules|__pycache__|\.[a-z]+_cache|\.venv)$/;

/** Where compiled modules are kept for the tests, if anywhere: a child's own cache folder is empty, and compiling is most of its time. */
const compileCache = (): NodeJS.ProcessEnv => (process.env["NODE_COMPILE_CACHE"] ? { NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] } : {});

/** An environment of commands that use the machine's own caches, and keep their home and state (in `cli`) in a folder of the test's. */
export function environmentWithCaches(folder: string, kubeconfig: string): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], HOME: folder, XDG_CACHE_HOME: dirname(folders().cacheDir), XDG_STATE_HOME: join(folder, "cli"), KUBECONFIG: kubeconfig };
}

/** The real command line as a child process, with home, cache and state in an empty folder of its own. */
export class CliProcess {
  readonly folder = mkdtempSync(join(tmpdir(), "rewardlab-cli-"));
  /** The folder of cli/: the repository, or a copy of it whose stack files a test may spoil. */
  #root = PROJECT_ROOT;
  readonly #environment: NodeJS.ProcessEnv;

  /** @param environment of the commands; with the machine's own, they use its caches and its state */
  constructor(environment?: NodeJS.ProcessEnv) {
    const at = (name: string) => join(this.folder, name);
    this.#environment = environment ?? { PATH: process.env["PATH"], HOME: at("home"), XDG_CACHE_HOME: at("cache"), XDG_STATE_HOME: at("state"), ...compileCache() };
    for (const name of ["home", "work"]) mkdirSync(join(this.folder, name));
  }

  /** Everything that commands made in their home, cache and state folders. */
  get created(): string[] {
    const below = (name: string) => readdirSync(join(this.folder, name), { recursive: true, encoding: "utf8" }).map((path) => join(name, path));
    return [...below("home"), ...["cache", "state"].filter((name) => existsSync(join(this.folder, name))).flatMap((name) => [name, ...below(name)])];
  }

  /** Writes a file that commands find under its name: they run in this folder. */
  write(name: string, text: string): void {
    writeFileSync(join(this.folder, "work", name), text);
  }

  /** Runs further commands from a copy of the project, once. */
  copyProject(): void {
    this.#root = join(this.folder, "project");
    const parts = ["cli", "collect", "components", "configs", "images", "local", "policy", "report", "index.ts", "package.json", "Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.local.yaml"];
    for (const part of parts) cpSync(join(PROJECT_ROOT, part), join(this.#root, part), { recursive: true, filter: (path) => !MADE.test(path) });
    symlinkSync(join(PROJECT_ROOT, "node_modules"), join(this.#root, "node_modules"));
  }

  /** Where a file of the copy is. */
  inProject(...path: string[]): string {
    return join(this.#root, ...path);
  }

  /** Replaces a text in a file of the copy; it must be there. */
  spoil(file: string, from: string, to: string): void {
    const path = join(this.#root, file);
    const text = readFileSync(path, "utf8");
    if (!text.includes(from)) throw new Error(`no "${from}" in ${file}`);
    writeFileSync(path, text.replace(from, to));
  }

  run(...args: string[]): Promise<Ended> {
    return this.begin(...args).ended;
  }

  /** Begins a command, for a test that does something to it. */
  begin(...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
    const child = this.#child(process.execPath, [join(this.#root, "cli", "main.ts"), ...args]);
    return { child, ended: collect(child) };
  }

  /**
   * Runs it as a user who is not root, whoever runs the tests. The capability lets that user read a checkout in root's
   * home; it also lets the user write anywhere, so that "nothing was created" is not a matter of permissions.
   */
  runUnprivileged(...args: string[]): Promise<Ended> {
    if (process.getuid!() !== 0) return this.run(...args);
    const user = ["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"];
    return this.#run("setpriv", [...user, process.execPath, join(this.#root, "cli", "main.ts"), ...args]);
  }

  /**
   * Runs it as root with network, processes and mounts of its own, so that nothing but what the script `before` does is
   * there, and nothing of it is there afterwards. Needs root. Gives also what processes and files there were before and after.
   */
  async runAlone(before: string, ...args: string[]): Promise<Ended & { before: string; after: string }> {
    const list = 'cat /proc/[0-9]*/comm; find "$HOME" "$XDG_CACHE_HOME" "$XDG_STATE_HOME"';
    const script = `mkdir -p "$XDG_CACHE_HOME" "$XDG_STATE_HOME"\n${before}\n{ ${list}; } > before\n"$@"\nstatus=$?\n{ ${list}; } > after\nexit $status`;
    const alone = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script, "sh", process.execPath, join(this.#root, "cli", "main.ts")];
    const ended = await this.#run("unshare", [...alone, ...args]);
    const read = (name: string) => readFileSync(join(this.folder, "work", name), "utf8");
    return { ...ended, before: read("before"), after: read("after") };
  }

  #run(command: string, args: string[]): Promise<Ended> {
    return collect(this.#child(command, args));
  }

  #child(command: string, args: string[]): ChildProcess {
    return spawn(command, args, { cwd: join(this.folder, "work"), env: this.#environment, stdio: ["ignore", "pipe", "pipe"] });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

async function collect(child: ChildProcess): Promise<Ended> {
  let [stdout, stderr] = ["", ""];
  child.stdout!.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr!.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const status = await new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  return { status, stdout, stderr };
}
