import { z } from "zod";
import { Service } from "../service.ts";
import type { Content } from "./bucket.ts";
import { agentFor, transfer } from "./transfer.ts";

const listing = z.object({
  version: z.int().min(0),
  files: z.array(z.object({ name: z.string().min(1), size: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
});

/** A file on the trainer's disk. */
export interface TrainerFile {
  name: string;
  content: Content;
}

/** The files of a run on its trainer's disk, streamed from there. Reading them waits for no step. */
export class TrainerFiles {
  readonly #service: Service;
  readonly #run: string;
  readonly #url: string;
  readonly #authorization: string;
  readonly #agent;

  constructor(url: string, apiKey: string, runKey: string) {
    this.#authorization = `Bearer ${apiKey}`;
    this.#service = new Service("the trainer", url, { authorization: this.#authorization }, "SYNTH_API_KEY");
    this.#url = url.replace(/\/+$/, "");
    this.#run = `/runs/${runKey}`;
    this.#agent = agentFor(url);
  }

  adapter(version: number, signal: AbortSignal): Promise<TrainerFile[]> {
    return this.#files(`${this.#run}/adapters/${version}/files`, signal);
  }

  /** The newest checkpoint. While it is sent the trainer may take steps and drop it: then a 404, and there is a newer one. */
  checkpoint(signal: AbortSignal): Promise<TrainerFile[]> {
    return this.#files(`${this.#run}/checkpoint/files`, signal);
  }

  close(): void {
    this.#service.close();
    this.#agent.destroy();
  }

  async #files(path: string, signal: AbortSignal): Promise<TrainerFile[]> {
    // Every byte is read for the digests, of files that may have gigabytes.
    const { files } = await this.#service.ask(listing, "GET", path, { timeoutSeconds: 300, signal });
    return files.map(({ name, size, sha256 }) => ({ name, content: { size, sha256, open: (s) => this.#open(`${path}/${name}`, s) } }));
  }

  #open(path: string, signal: AbortSignal) {
    return transfer({ service: "the trainer", method: "GET", url: `${this.#url}${path}`, headers: { authorization: this.#authorization }, signal }, this.#agent);
  }
}
