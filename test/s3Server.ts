import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsV4Signer } from "aws4fetch";
import { folders } from "../components/settings.ts";
import { run } from "../local/command.ts";
import { findGo } from "../local/toolchain/go.ts";
import { endProcess, freePort } from "../local/providers/testProcess.ts";

const VERSION = "v1.8.0";
const MODULE = "github.com/versity/versitygw/cmd/versitygw";

/** A real S3 server (Versity's gateway over a folder), built from its published Go module into the cache, on the loopback. */
export class S3Server {
  readonly keys = { accessKeyId: "s3-test-id", secretAccessKey: "s3-test-secret" };
  readonly region = "eu-test-1";
  readonly folder = mkdtempSync(join(tmpdir(), "rewardlab-s3-"));
  #child: ChildProcess | null = null;
  #port = 0;
  #program = "";

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<this> {
    this.#program ||= await built();
    this.#port ||= await freePort();
    const env = { PATH: process.env["PATH"], ROOT_ACCESS_KEY: this.keys.accessKeyId, ROOT_SECRET_KEY: this.keys.secretAccessKey };
    this.#child = spawn(this.#program, ["--port", `127.0.0.1:${this.#port}`, "--region", this.region, "--quiet", "posix", this.folder], { env, stdio: "ignore" });
    for (let attempt = 0; ; attempt++) {
      const answer = await fetch(this.endpoint).catch(() => null);
      if (answer !== null) return this;
      if (attempt > 100 || this.#child.exitCode !== null) throw new Error("the S3 server did not start");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async makeBucket(name: string): Promise<void> {
    const { url, headers } = await new AwsV4Signer({ method: "PUT", url: `${this.endpoint}/${name}`, region: this.region, service: "s3", ...this.keys }).sign();
    const answer = await fetch(url, { method: "PUT", headers });
    if (!answer.ok) throw new Error(`no bucket: ${answer.status} ${await answer.text()}`);
  }

  /** Ends the server; what it has stays. */
  async stop(): Promise<void> {
    if (this.#child) await endProcess(this.#child, 5);
    this.#child = null;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true });
  }
}

async function built(): Promise<string> {
  const folder = join(folders().cacheDir, "test-tools", `versitygw-${VERSION}`);
  const program = join(folder, "versitygw");
  if (existsSync(program)) return program;
  const go = await findGo();
  if (go === undefined) throw new Error("the S3 server of this test is built from Go modules: install Go 1.26");
  mkdirSync(folder, { recursive: true });
  await run("env", ["GOTOOLCHAIN=local", "CGO_ENABLED=0", `GOBIN=${folder}`, go.path, "install", "-trimpath", "-ldflags=-s -w", `${MODULE}@${VERSION}`], { cwd: folder });
  return program;
}
