import { join } from "node:path";
import { z } from "zod";
import { folders, PROJECT_ROOT } from "../../components/settings.ts";
import { run } from "../../local/command.ts";
import { ensureMlEnv } from "../../local/python/mlEnv.ts";
import { figure, type Measured } from "./figures.ts";

const times = z.object({ wall_s: z.number().positive(), cpu_s: z.number().min(0) });

/** What images/task-app/bench.py prints. */
const output = z.object({
  warm_up: times,
  reset: times.extend({ p95_wall_s: z.number().positive() }),
  first_episode_of_a_seed: times,
  further_episode_of_a_seed: times,
  decision_of_5_actions: times,
  served: z.object({ episodes: z.number(), one_by_one_s: z.number().positive(), at_once_s: z.number().positive(), longest_wait_of_the_event_loop_s: z.number() }),
  conditions: z.object({ python: z.string(), seeds: z.number(), decisions: z.number(), world_makers: z.number() }),
});

const ACTIONS_A_DECISION = 5;

/** The figures of the environment; throws a ZodError for an output of another form. */
export function envFigures(text: string): Measured {
  const { conditions, served, ...measured } = output.parse(JSON.parse(text));
  const [p50, p95] = [measured.reset.wall_s, measured.reset.p95_wall_s];
  const decision = measured.decision_of_5_actions.wall_s;
  return {
    figures: [
      figure("reset", p50, "s", `of a new world, median; ${measured.reset.cpu_s} s of processor time`), figure("reset_p95", p95, "s"),
      figure("first_episode_of_a_seed", measured.first_episode_of_a_seed.wall_s, "s", "its world is made"),
      figure("further_episode_of_a_seed", measured.further_episode_of_a_seed.wall_s, "s", "its world is copied"),
      figure("decision", decision, "s", `${ACTIONS_A_DECISION} actions, median; ${measured.decision_of_5_actions.cpu_s} s of processor time`),
      figure("steps_per_second", ACTIONS_A_DECISION / decision, "steps/s", "actions played by one process"),
      figure("one_by_one", served.one_by_one_s, "s", `${served.episodes} episodes of the random policy in new worlds, through the task app, median`),
      figure("at_once", served.at_once_s, "s", "as many, all at once"),
      figure("scaling", served.one_by_one_s / served.at_once_s, "", "one by one ÷ at once"),
      figure("event_loop", served.longest_wait_of_the_event_loop_s, "s", "longest time that it was kept from its turn meanwhile, median of rounds"),
      figure("warm_up", measured.warm_up.wall_s, "s", "once a process"),
    ],
    notMeasured: [],
    keys: { p50, p95 },
    conditions: conditions,
  };
}

/** Runs it in the environment that the images are made of, which is made first where it is missing. */
export async function envBench(progress: (text: string) => void): Promise<Measured> {
  const controller = new AbortController();
  const { cacheDir } = folders();
  const { python } = await ensureMlEnv({ root: PROJECT_ROOT, cacheDir }, { progress, signal: controller.signal });
  progress("env: worlds, episodes and decisions, some seconds");
  return envFigures(await run(python, ["bench.py"], { cwd: join(PROJECT_ROOT, "images", "task-app"), env: { NUMBA_CACHE_DIR: join(cacheDir, "numba") } }));
}
