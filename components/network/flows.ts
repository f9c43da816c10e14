import type { ResultsPlace } from "../../images/runner/src/runSpec.ts";
import { type Part, PORTS, TASK_APP } from "../names.ts";

/** A part that opens connections to another, on the one port that the other serves. */
export interface Flow {
  from: Part;
  to: Exclude<Part, "run" | "store" | "pair-controller">;
}

/**
 * Who talks to whom inside of a stack: all there is, since everything else is denied.
 *
 * vLLM's adapter endpoints are on the port of its completions, so network rules cannot part the two. The task app has to
 * reach the port, for the decisions of an episode; a trainer has no business there: it leaves adapters in the pair's
 * folder, and the runs have them loaded.
 */
export const FLOWS: readonly Flow[] = [
  { from: "run", to: "task-app" },
  { from: "run", to: "vllm" },
  { from: "run", to: "trainer" },
  { from: "task-app", to: "vllm" },
];

/** The parts in a stack's own namespace. */
export const PARTS: readonly Part[] = ["run", "task-app", "vllm", "trainer", "pair-controller"];

/** The port that a part serves. */
export const portOf = (part: Flow["to"]): number => ({ "task-app": PORTS.taskApp, vllm: PORTS.vllm, trainer: PORTS.trainer })[part];

/** What of a stack opens a way out of the cluster. */
export interface OutsideNeeds {
  /** The model comes from a hub. */
  hub: boolean;
  /** Names of the secrets that there are: two of them are for providers of models, which the task app passes requests on to. */
  keys: readonly string[];
  /** Addresses of the runs' task apps. */
  taskUrls: readonly string[];
  /** Where the runs put what they leave. */
  results?: ResultsPlace | undefined;
  /** Of the API server. */
  apiPorts: readonly number[];
}

const PROVIDER_KEYS = ["GROQ_API_KEY", "OPENAI_API_KEY"];

/** Ports that a part may reach anywhere outside of the stack. */
export function outsidePorts(part: Part, { hub, keys, taskUrls, apiPorts, results }: OutsideNeeds): number[] {
  if (part === "pair-controller") return [...apiPorts];
  if (part === "run") return [...new Set([...taskUrls.filter((url) => !isOwn(url)), ...(results?.kind === "s3" ? [results.endpoint] : [])].map(portOfUrl))];
  const https = part === "task-app" ? keys.some((key) => PROVIDER_KEYS.includes(key)) : hub;
  return https ? [443] : [];
}

const isOwn = (url: string) => new URL(url).hostname === TASK_APP;

function portOfUrl(url: string): number {
  const { port, protocol } = new URL(url);
  if (port !== "") return Number(port);
  return protocol === "https:" ? 443 : 80;
}
