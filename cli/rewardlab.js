#!/usr/bin/env node
// The bin of the package. Node before 22.18 cannot run TypeScript, so the program is started with the Node 24 that comes
// as a dependency; whichever Node started this file does not matter.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const node = join(dirname(createRequire(import.meta.url).resolve("node/package.json")), "bin", "node");
const main = join(dirname(fileURLToPath(import.meta.url)), "main.ts");
const { status, signal, error } = spawnSync(node, [main, ...process.argv.slice(2)], { stdio: "inherit" });
if (error) console.error(`rewardlab: cannot start ${node}: ${error.message}. Run "npm ci" in the repository.`);
process.exitCode = signal ? 130 : (status ?? 1);
