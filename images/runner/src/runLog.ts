import { runEvent, type RunEvent } from "./events.ts";

/** An event without what the log adds to it. Distributes, so that a type and its fields stay together. */
export type EventContent<E = RunEvent> = E extends RunEvent ? Omit<E, "v" | "run" | "seq" | "time"> : never;

/** The run's output: events for programs and lines for people, in one stream, each written out before the next. */
export class RunLog {
  readonly #out: NodeJS.WritableStream;
  readonly #run: string;
  #last: Promise<void> = Promise.resolve();
  /** Number of the last event. A resumed run sets it to the one that its cursor holds. */
  seq = 0;

  constructor(out: NodeJS.WritableStream, run: string) {
    this.#out = out;
    this.#run = run;
  }

  /** Writes an event and waits until the system has it: a kill right after loses nothing. Throws if it breaks the schema. */
  event(content: EventContent): Promise<void> {
    const full = { v: 1, run: this.#run, seq: this.seq + 1, time: new Date().toISOString(), ...content };
    const line = JSON.stringify(runEvent.parse(full));
    this.seq += 1;
    return this.#write(line);
  }

  info(line: string): Promise<void> {
    return this.#write(`INFO - ${line}`);
  }

  warn(line: string): Promise<void> {
    return this.#write(`WARNING - ${line}`);
  }

  error(line: string): Promise<void> {
    return this.#write(`ERROR - ${line}`);
  }

  /** Resolves when everything said so far is written. */
  flush(): Promise<void> {
    return this.#last;
  }

  #write(line: string): Promise<void> {
    this.#last = this.#last.then(
      () =>
        new Promise<void>((resolve, reject) => {
          this.#out.write(`${line}\n`, (error) => (error ? reject(error) : resolve()));
        }),
    );
    return this.#last;
  }
}
