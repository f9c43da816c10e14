import type { RunContext } from "./context.ts";
import { describeDropped, guardDropped } from "./guards.ts";
import type { Episode } from "./rewards.ts";

/** Says which decisions of some episodes are left out and why, and ends the run if they are too many. */
export async function judgeDropped({ spec, log }: RunContext, episodes: readonly Episode[], iteration: number): Promise<void> {
  const message = describeDropped(episodes);
  if (message === null) return;
  await log.event({ type: "run.warning", iteration, message });
  await log.warn(message);
  guardDropped(episodes, spec.guards);
}
