import type { SyncTimes } from "./adapters.ts";
import type { RunContext } from "./context.ts";
import type { Standing } from "./standing.ts";
import { addSync } from "./tally.ts";
import type { Adapter } from "./trainer.ts";

/** Writes sync.finished for an adapter that now serves. Returns the seconds of the whole sync: save + load + first token. */
export async function recordSync(
  { log }: RunContext,
  standing: Standing,
  { name, version, digest }: Adapter,
  saveSeconds: number,
  times: SyncTimes,
): Promise<number> {
  const total = saveSeconds + times.loadSeconds + times.firstTokenSeconds;
  standing.tally = addSync(standing.tally, name, total);
  await log.event({
    type: "sync.finished",
    iteration: version,
    adapter: { name, version, digest },
    saveSeconds,
    ...times,
  });
  return total;
}
