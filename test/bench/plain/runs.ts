import { randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { RunEvent } from "../../../images/runner/src/events.ts";
import type { RunSpec } from "../../../images/runner/src/runSpec.ts";
import { Pod } from "../../../images/runner/test/pod.ts";
import type { Servers } from "./servers.ts";

export interface FinishedRun {
  name: string;
  events: RunEvent[];
}

/** Runs a spec against the servers, as a process of its own, under names that nobody had before. Throws with the end of its log when it fails. */
export async function finishedRun(servers: Servers, spec: RunSpec): Promise<FinishedRun> {
  const folder = mkdtempSync(join(servers.folder, "run-"));
  const pod = new Pod(folder, spec, { SYNTH_API_KEY: servers.synthApiKey, ENVIRONMENT_API_KEY: servers.environmentApiKey, JOB_UID: randomBytes(8).toString("hex") });
  const status = await pod.ended();
  if (status !== 0) throw new Error(`run ${spec.name} ended with status ${status}:\n${pod.text.trim().split("\n").slice(-5).join("\n")}`);
  return { name: spec.name, events: pod.events };
}
