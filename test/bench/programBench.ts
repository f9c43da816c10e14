import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { EMBEDDED } from "../../cli/embeddedName.ts";
import { REQUIRED_KEYS } from "../../components/config/envKeys.ts";
import { folders, readStackSettings } from "../../components/settings.ts";
import { planStack } from "../../components/stackPlan.ts";
import { layout } from "../../local/cluster/layout.ts";
import { ensureGeneratedSecrets } from "../../local/generatedSecrets.ts";
import { embeddedOverlay, factsForCheck } from "../../local/overlay.ts";
import { percentile } from "../../report/percentile.ts";
import { type CliRun, timeCli } from "./cliRun.ts";
import { type Figure, figure, type Measured } from "./figures.ts";

const PLANS = 20;
const NOT_UP = "The embedded cluster is not up, so the preview was not measured. Start it and leave it up: npm start -- --keep";

/** What `preview --json` prints: operations by kind. */
const output = z.object({ version: z.literal(1), changes: z.record(z.string(), z.int().min(0)) });

/** Seconds from the start of a command to the end of its last part that is not the engine; 0 when it told of none. */
export function secondsBeforeEngine(lines: readonly string[]): number {
  const ends = lines.flatMap((line) => /^ *([\d.]+) s {2}(?:toolchain|cluster|images): [\d.]+ s$/.exec(line)?.[1] ?? []);
  return Math.max(0, ...ends.map(Number));
}

/** The figures of a preview of the embedded stack. What it would change is what a second `up` changes, if the stack is up. */
export function previewFigures({ stdout, lines, wallSeconds }: CliRun): Omit<Measured, "conditions"> {
  const { changes } = output.parse(JSON.parse(stdout));
  const { same = 0, ...others } = changes;
  const changed = Object.values(others).reduce((sum, count) => sum + count, 0);
  const before = secondsBeforeEngine(lines);
  const figures = [
    figure("preview", wallSeconds - before, "s", "the engine and the program; limit of the design: 5 s"),
    figure("preview_command", wallSeconds, "s", "with the check of toolchain, cluster and images"),
    figure("preview_operations", same + changed, ""),
  ];
  const text = Object.entries(others).map(([operation, count]) => `${operation}: ${count}`).join(", ") || "everything stays as it is";
  return same === 0
    ? { figures, notMeasured: ["The stack is not up, so a second up was not measured. Bring it up: npx rewardlab up"] }
    : { figures: [...figures, figure("second_up_changes", changed, "", text)], notMeasured: [] };
}

/** Reading, checking and planning the embedded stack, in this process: no cluster and no engine. */
async function planFigure(): Promise<Figure> {
  const folder = mkdtempSync(join(tmpdir(), "rewardlab-bench-"));
  try {
    const { envFile } = await ensureGeneratedSecrets(folder, Object.keys(REQUIRED_KEYS));
    const seconds = Array.from({ length: PLANS }, () => {
      const start = performance.now();
      planStack(readStackSettings(EMBEDDED, embeddedOverlay(factsForCheck(envFile))), EMBEDDED);
      return (performance.now() - start) / 1000;
    });
    return figure("plan", percentile(seconds, 0.5), "s", `median of ${PLANS}; no cluster, no engine`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function programBench(progress: (text: string) => void): Promise<Measured> {
  progress("program: plan");
  const plan = await planFigure();
  if (!existsSync(layout(folders()).kubeconfig)) return { figures: [plan], notMeasured: [NOT_UP], conditions: {} };
  progress("program: preview");
  const preview = previewFigures(await timeCli(["preview", "--json"]));
  return { ...preview, figures: [plan, ...preview.figures], conditions: {} };
}
