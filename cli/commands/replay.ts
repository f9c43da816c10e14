import { join, resolve } from "node:path";
import { z } from "zod";
import { folders, PROJECT_ROOT } from "../../components/settings.ts";
import { CommandError, run } from "../../local/command.ts";
import { ensureMlEnv } from "../../local/python/mlEnv.ts";
import type { Run } from "../command.ts";
import { chainHolds, findEpisode } from "../episodeRecord.ts";
import { RunFailure, UserError } from "../exit.ts";
import { newestFolder, RunFolder } from "../runFolder.ts";

/** What images/task-app/replay.py prints. */
const replayed = z.object({
  same: z.boolean(),
  trajectory_hash: z.string(),
  achievements: z.array(z.object({ name: z.string(), decision: z.number() })),
  died_at_step: z.number().nullable(),
  actions: z.number(),
  out: z.string().nullable(),
});

const replay: Run<"replay"> = async ({ run: name, episode: wanted, stack, from, out, json }, { screen, signal, print }) => {
  const path = from ?? (await newestFolder(join(PROJECT_ROOT, "runs"), stack));
  if (path === null) throw new UserError(`There is no saved folder of stack "${stack}" under runs/. Name one with --from DIR, or collect one: rewardlab report --stack ${stack}.`);
  const folder = await RunFolder.load(path);
  const events = folder.events.get(name);
  if (events === undefined) throw new UserError(`${path} has no run "${name}"; it has ${[...folder.events.keys()].join(", ")}. Another folder: --from DIR.`);
  const record = findEpisode(name, events, wanted);
  const picture = resolve(out ?? join(path, name, `${record.id}.png`));

  const { cacheDir } = folders();
  const { python } = await ensureMlEnv({ root: PROJECT_ROOT, cacheDir }, { progress: screen.line, signal });
  const input = JSON.stringify({ env_seed: record.envSeed, actions: record.actions, trajectory_hash: record.trajectoryHash });
  const result = replayed.parse(JSON.parse(await play(python, cacheDir, picture, input, signal)));
  const chain = chainHolds(events);

  if (json) print(JSON.stringify({ version: 1, run: name, episode: record, replay: result, trainingChain: chain }, null, 2));
  else if (result.same) {
    const unlocked = result.achievements.map((achievement) => `${achievement.name} (decision ${achievement.decision + 1})`).join(", ");
    print(`${record.id}: world ${record.envSeed}, ${record.actions.length} decisions, ${result.actions} actions: the very episode of the record (${record.trajectoryHash.slice(0, 12)}…)`);
    print(`unlocked: ${unlocked || "nothing"}`);
    print(picture);
  }
  if (!result.same) {
    throw new RunFailure(`${record.id}: the actions of the record lead to ${result.trajectory_hash}, but it says ${record.trajectoryHash}. ` +
      "The record was changed, or another version of the environment played it: compare with the run's log.txt, and check out the commit that the run was made with.");
  }
  if (chain === false) {
    throw new RunFailure(`${record.id} replays, but the training episodes of ${name} are not those that its run.finished sums up (trajectoryHash): a record was changed. Collect the run again, or compare with its log.txt.`);
  }
};

/** Runs the program in the environment that the task app's image is made of; gives its output, also where the hash is another. */
async function play(python: string, cacheDir: string, picture: string, input: string, signal: AbortSignal): Promise<string> {
  const env = { NUMBA_CACHE_DIR: join(cacheDir, "numba"), PYTHONDONTWRITEBYTECODE: "1" };
  try {
    return await run(python, ["replay.py", "--out", picture], { cwd: join(PROJECT_ROOT, "images", "task-app"), env, input, signal });
  } catch (error) {
    // 1: played, and the hash is another; what it found is its last line.
    if (error instanceof CommandError && error.status === 1) {
      const last = error.output.trim().split("\n").at(-1)!;
      if (last.startsWith("{")) return last;
    }
    throw error;
  }
}

export default replay;
