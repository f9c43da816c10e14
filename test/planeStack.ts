import { join } from "node:path";
import { PROJECT_ROOT } from "../components/settings.ts";
import type { StackOptions } from "../local/engine/runStack.ts";
import type { TestPlane } from "./testPlane.ts";

/** How the real engine runs a stack against a test's control plane: everything of it is in the plane's folder. */
export function planeStack({ folder, binaries }: Pick<TestPlane, "folder" | "binaries">) {
  return {
    projectName: "rewardlab", rootDir: PROJECT_ROOT, projectFile: join(PROJECT_ROOT, "Pulumi.yaml"),
    workDir: join(folder, "work"), backendDir: join(folder, "state"), passphraseFile: join(folder, "passphrase"),
    pulumiBinary: binaries.pulumi, node: process.execPath, officialPlugins: join(folder, "none"),
    progress: () => {}, signal: new AbortController().signal,
  } satisfies Partial<StackOptions>;
}
