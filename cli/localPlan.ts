import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT_ROOT, readStackFile, readStackSettings } from "../components/settings.ts";
import type { StackSettings } from "../components/settings/schema.ts";
import { planStack, type StackPlan } from "../components/stackPlan.ts";
import { ensureGeneratedSecrets } from "../local/generatedSecrets.ts";
import { modelProblems, namesModel } from "../local/model/ownModel.ts";
import { embeddedOverlay, factsForCheck } from "../local/overlay.ts";
import { EMBEDDED } from "./embeddedName.ts";

/** Whether the stack's file names a model of its own: then no tiny one is made. */
export const hasOwnModel = (): boolean => namesModel(readStackFile(EMBEDDED));

/**
 * Plans the stack `local` with the generated env file, or with a passing one like it, so that a start that is refused
 * leaves nothing. Throws ConfigError with every problem.
 */
export async function planLocal({ stateDir, secretKeys }: { stateDir: string; secretKeys: readonly string[] }): Promise<{ settings: StackSettings; plan: StackPlan }> {
  const passing = await mkdtemp(join(tmpdir(), "rewardlab-check-"));
  try {
    const { envFile } = await ensureGeneratedSecrets(existsSync(join(stateDir, "embedded.env")) ? stateDir : passing, secretKeys);
    const own = hasOwnModel();
    const settings = readStackSettings(EMBEDDED, embeddedOverlay(factsForCheck(envFile, own)));
    return { settings, plan: planStack(settings, EMBEDDED, PROJECT_ROOT, own ? modelProblems(settings.model.source, `Pulumi.${EMBEDDED}.yaml`) : []) };
  } finally {
    await rm(passing, { recursive: true });
  }
}
