import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fakeLogprobs } from "./fakeModel.ts";
import { type FakeAnswer, type FakeRequest, FakeServer } from "./fakeServer.ts";

interface FakeState {
  weights: number[];
  cursor: unknown;
  lastStep: any;
  lastRequest: string;
  spec: string;
}

/** A fake of the trainer for tests: a step with any non-zero advantage adds to the weight and writes the next version. */
export class FakeTrainer {
  readonly server = new FakeServer((request) => this.#answer(request));
  readonly #adapters: string;
  readonly #runs = new Map<string, FakeState>();
  /** Runs that a restarted trainer has on disk only. */
  readonly #asleep = new Map<string, FakeState>();
  /** By adapter name: the digest of what was written. */
  readonly #digests = new Map<string, string>();
  /** By run: the newest checkpoint, which stays on disk when the run's memory is freed. */
  readonly #checkpoints = new Map<string, number[]>();
  readonly apiKey = "fake-synth-key";
  /** Every step that was really taken. */
  readonly steps: { run: string; step: number; samples: any[] }[] = [];
  deleted: string[] = [];
  fault: {
    /** Learns, but writes the folder of the next version nowhere. */
    noFolder?: boolean;
    /** Learns, but writes the weights of the version before. */
    oldWeights?: boolean;
    /** Writes the version's file whole, and half of it is gone before anybody loads it. */
    halfFile?: number;
    /** Answers a step with the adapter of the step before. */
    oldName?: boolean;
    /** Scores as another base model would. */
    baseOffset?: number;
    /** Takes the step and dies before it answers. */
    dieAfterStep?: number;
    /** Called when a step arrives. */
    onStep?: (body: any) => void | Promise<void>;
    /** Called when somebody asks for the digest of a version's files; true cuts the connection. */
    onDigest?: (name: string) => boolean | void;
  } = {};

  constructor(adapters: string) {
    this.#adapters = adapters;
  }

  get url(): string {
    return this.server.url;
  }

  start(): Promise<void> {
    return this.server.start();
  }

  /** Ends; its runs stay on disk, or not. */
  async stop({ keepDisk = true } = {}): Promise<void> {
    if (keepDisk) for (const [run, state] of this.#runs) this.#asleep.set(run, state);
    this.#runs.clear();
    await this.server.stop();
  }

  #adapter(run: string, version: number) {
    const name = `${run}-v${version}`;
    return { name, version, path: join(this.#adapters, name), digest: this.#digests.get(name)! };
  }

  #write(run: string, state: FakeState): void {
    const version = state.weights.length - 1;
    this.#checkpoints.set(run, [...state.weights]);
    const { name, path } = this.#adapter(run, version);
    const weight = this.fault.oldWeights ? (state.weights.at(-2) ?? 0) : state.weights.at(-1);
    const text = JSON.stringify({ weight });
    this.#digests.set(name, digest(text));
    if (this.fault.noFolder && version > 0) return;
    mkdirSync(path, { recursive: true });
    const file = join(path, "weight.json");
    writeFileSync(file, text);
    if (this.fault.halfFile === version) truncateSync(file, text.length / 2);
  }

  /** adapters/{version}/files[/{name}] and checkpoint/files[/{name}]: the checkpoint is the newest state, as text. */
  #files(run: string, [what, ...rest]: string[]): FakeAnswer {
    const [version, , name] = what === "adapters" ? rest : [undefined, ...rest];
    const weights = this.#checkpoints.get(run)!;
    const file = what === "adapters"
      ? { name: "weight.json", data: readFileSync(join(this.#adapters, `${run}-v${version}`, "weight.json")) }
      : { name: `step-${String(weights.length - 1).padStart(8, "0")}.safetensors`, data: Buffer.from(JSON.stringify(weights)) };
    if (name !== undefined) return name === file.name ? { status: 200, raw: file.data } : { status: 404, body: { error: "unknown_file" } };
    const sha256 = createHash("sha256").update(file.data).digest("hex");
    return { status: 200, body: { version: weights.length - 1, files: [{ name: file.name, size: file.data.length, sha256 }] } };
  }

  #onDisk(name: string): FakeAnswer {
    const file = join(this.#adapters, name, "weight.json");
    return { status: 200, body: { name, digest: existsSync(file) ? digest(readFileSync(file, "utf8")) : null } };
  }

  #state(run: string, created = false) {
    const { weights, cursor, lastStep } = this.#runs.get(run)!;
    const step = weights.length - 1;
    return {
      run,
      step,
      adapter: this.#adapter(run, step),
      cursor,
      created,
      spec_digest: "fake",
      last_step: lastStep,
    };
  }

  async #answer({ method, path, body, headers }: FakeRequest): Promise<FakeAnswer> {
    if (path === "/ready") return { status: 200, body: { status: "ok" } };
    if (headers.authorization !== `Bearer ${this.apiKey}`) return { status: 401, body: { error: "unauthorized" } };
    const [, , run, verb, version] = path.split("/") as [string, string, string, string?, string?];
    if (path.includes("/files")) return this.#files(run, path.slice(`/runs/${run}/`.length).split("/"));
    if (verb === "adapters") return this.fault.onDigest?.(`${run}-v${version}`) ? "hang up" : this.#onDisk(`${run}-v${version}`);
    if (method === "PUT") return this.#put(run, JSON.stringify(body));
    // As the real one: a run that is on disk comes back when it is asked for.
    const state = this.#runs.get(run) ?? this.#asleep.get(run);
    if (!state) return { status: 404, body: { error: "unknown_run", detail: run } };
    this.#runs.set(run, state);
    if (verb === "score") {
      if (state.weights.length - 1 - body.adapter_version > 1) return { status: 409, body: { error: "conflict", detail: "an old version" } };
      const weight = state.weights[body.adapter_version]! + (this.fault.baseOffset ?? 0);
      const logprobs = body.sequences.map((sequence: any) =>
        fakeLogprobs([...sequence.prompt_ids, ...sequence.completion_ids], weight).slice(sequence.prompt_ids.length),
      );
      return { status: 200, body: { logprobs } };
    }
    if (verb === "steps") {
      await this.fault.onStep?.(body);
      // A trainer that the test killed meanwhile takes no step.
      return this.#runs.get(run) === state ? this.#step(run, state, body) : "hang up";
    }
    if (method === "GET") return { status: 200, body: this.#state(run) };
    this.deleted.push(run);
    this.#runs.delete(run);
    return { status: 204 };
  }

  #put(run: string, spec: string): FakeAnswer {
    const asleep = this.#asleep.get(run);
    const known = this.#runs.get(run) ?? asleep;
    if (known && known.spec !== spec) return { status: 409, body: { error: "conflict", detail: "another spec" } };
    const state = known ?? { weights: [0], cursor: null, lastStep: null, lastRequest: "", spec };
    this.#runs.set(run, state);
    if (!known) this.#write(run, state);
    return { status: 200, body: this.#state(run, !known) };
  }

  #step(run: string, state: FakeState, body: any): FakeAnswer {
    const request = JSON.stringify(body.samples);
    if (body.step === state.weights.length - 1 && request === state.lastRequest)
      return { status: 200, body: state.lastStep };
    if (body.step !== state.weights.length)
      return { status: 409, body: { error: "conflict", expected_step: state.weights.length } };
    const [weight, sampling] = [state.weights.at(-1)!, state.weights[body.sampler_version]!];
    const staleness = body.step - 1 - body.sampler_version;
    const deltas: number[] = body.samples.flatMap((sample: any) =>
      fakeLogprobs(sample.completion_ids, sampling).map((own, index) => Math.abs(own - sample.sampler_logprobs[index])),
    );
    const mean = deltas.reduce((sum, delta) => sum + delta, 0) / deltas.length;
    const foreign = body.samples.filter((sample: any) => {
      const own = fakeLogprobs(sample.completion_ids, sampling);
      const off = own.reduce((sum, value, index) => sum + Math.abs(value - sample.sampler_logprobs[index]), 0);
      return off / own.length > body.max_logprob_delta;
    }).length;
    const zero = body.samples.filter((sample: any) => sample.advantage === 0).length;
    const noUpdate = zero === body.samples.length;
    state.weights.push(noUpdate ? weight : weight + 0.5);
    this.#write(run, state);
    const mismatch = { mean_abs_logprob_delta: mean, max_abs_logprob_delta: Math.max(...deltas), kl: mean * mean, mean_ratio: 1 };
    state.lastStep = {
      step: body.step,
      adapter: this.#adapter(run, body.step - (this.fault.oldName ? 1 : 0)),
      loss: 0.1,
      grad_norm: noUpdate ? 0 : 1,
      mismatch,
      staleness,
      off_policy: staleness ? { ...mismatch, mean_ratio: 1.1 } : null,
      clipped_share: 0,
      ratio_mean: 1,
      zero_advantage_samples: zero,
      foreign_samples: foreign,
      samples: body.samples.length,
      tokens: { prompt: 3 * body.samples.length, completion: 3 * body.samples.length },
      seconds: { forward: 0.01, backward: 0.01, optimizer: 0.001, save: 0.002, total: 0.023 },
      no_update: noUpdate,
    };
    Object.assign(state, { cursor: body.cursor, lastRequest: request });
    this.steps.push({ run, step: body.step, samples: body.samples });
    if (this.fault.dieAfterStep === body.step) {
      this.fault.dieAfterStep = undefined;
      return "hang up";
    }
    return { status: 200, body: state.lastStep };
  }
}

const digest = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;
