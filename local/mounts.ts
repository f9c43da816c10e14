import { readFileSync } from "node:fs";
import { mountsBelow } from "./cluster/inventory.ts";
import { run } from "./command.ts";

/**
 * Takes away every mount below a folder, the innermost first: what a program that was killed has left mounted would keep
 * its folder from being removed. Throws when one is refused.
 */
export async function unmountBelow(folder: string): Promise<void> {
  const points = mountsBelow(readFileSync("/proc/self/mountinfo", "utf8"), [folder]);
  for (const point of points.reverse()) await run("umount", ["--lazy", point]);
}
