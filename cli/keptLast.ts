import { accessTo, type Access } from "../collect/access.ts";
import { removeResults } from "../collect/removeResults.ts";
import { resultsNamespaceOf } from "../components/names.ts";
import { collectKept } from "./collectKept.ts";
import type { VerbContext } from "./command.ts";
import { keptInBucket, keptInCluster } from "./keptPlace.ts";
import type { RunFolder } from "./runFolder.ts";

/**
 * Copies what is kept of a stack whose writers have ended, before it is destroyed. Returns what removes it from the cluster after that:
 * nothing where it was not copied whole, so that it stays for `rewardlab collect`, and says so on the screen.
 */
export async function copyKeptLast(access: Access, stack: string, folder: RunFolder, context: Pick<VerbContext, "screen" | "signal">): Promise<() => Promise<void>> {
  const { screen, signal } = context;
  const nothing = async () => undefined;
  try {
    const inCluster = await keptInCluster(access, stack, signal);
    const source = inCluster ?? (await keptInBucket(stack));
    if (source === null) return nothing;
    const { problems } = await collectKept(source, folder, context);
    for (const problem of problems) screen.line(`results: ${problem}`);
    if (problems.length > 0 || inCluster === null) return nothing;
    return async () => {
      screen.line(`removing namespace ${resultsNamespaceOf(stack)}: its results are copied`);
      await removeResults(accessTo(access.config, resultsNamespaceOf(stack)), signal);
    };
  } catch (error) {
    signal.throwIfAborted();
    screen.line(`the results could not be copied, and stay where they are (rewardlab collect --stack ${stack}): ${(error as Error).message}`);
    return nothing;
  }
}
