import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileStore } from "../../store/src/fileStore.ts";
import { storeServer } from "../../store/src/server.ts";

/** The real store of images/store in the test's own process, on a folder that it can be asked about. */
export class ResultsStore implements AsyncDisposable {
  readonly key = "results-key";
  readonly folder = mkdtempSync(join(tmpdir(), "rewardlab-results-"));
  #server: Server | null = null;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts, or starts again on the port that it had. */
  async start(): Promise<this> {
    this.#server = storeServer(new FileStore(this.folder), { accepts: (header) => header === `Bearer ${this.key}` }, () => {});
    await new Promise<void>((resolve) => this.#server!.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    server?.closeAllConnections();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(null)));
  }

  /** Paths below a run's folder, in order. */
  files(runKey: string): string[] {
    const root = join(this.folder, runKey);
    return readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)).sort();
  }

  read(runKey: string, path: string): Buffer {
    return readFileSync(join(this.folder, runKey, path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true });
  }
}
