import { join } from "node:path";
import { PROJECT_ROOT } from "../../components/settings.ts";
import type { StackOptions } from "./runStack.ts";

/** How a test runs the real engine: everything of it is in one folder. */
export function engineIn(folder: string, pulumiBinary: string) {
  return {
    projectName: "rewardlab", rootDir: PROJECT_ROOT,
    workDir: join(folder, "work"), backendDir: join(folder, "backend"), passphraseFile: join(folder, "passphrase"),
    pulumiBinary, node: process.execPath, officialPlugins: join(folder, "no-plugins"),
    progress: () => {}, signal: new AbortController().signal,
  } satisfies Partial<StackOptions>;
}
