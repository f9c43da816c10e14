import type { Call } from "./wire.ts";

/** The iteration that a fault hits, and the last one: its evaluation is the run's last act. */
export const HIT = 2;
export const LAST = 3;

const field = (call: Call, name: string): unknown => (call.body as Record<string, unknown> | null)?.[name];
const decides = (call: Call, version: number) =>
  call.service === "vllm" && call.path.endsWith("/chat/completions") && String(field(call, "model")).endsWith(`-v${version}`);

/**
 * Moments of a run as its requests show them. Version HIT - 1 decides in iteration HIT alone and version LAST in the last
 * evaluation alone, since nothing is evaluated in between.
 */
export const MOMENTS = {
  /** An episode of the iteration asks for a decision. */
  rollout: (call: Call) => decides(call, HIT - 1),
  /** The step is posted. */
  step: (call: Call) => call.service === "trainer" && call.path.endsWith("/steps") && field(call, "step") === HIT,
  /** The trainer is asked whether the new version's files are whole: the first part of a load. */
  check: (call: Call) => call.service === "trainer" && call.path.endsWith(`/adapters/${HIT}`),
  /** vLLM is told to load the new version. */
  load: (call: Call) => call.service === "vllm" && call.path.endsWith("/load_lora_adapter") && String(field(call, "lora_name")).endsWith(`-v${HIT}`),
  /** An episode of the last evaluation asks for a decision. */
  evaluation: (call: Call) => decides(call, LAST),
} satisfies Record<string, (call: Call) => boolean>;
export type Moment = keyof typeof MOMENTS;

/** Iterations and evaluations of which an episode was asked for more than once: i2, eval3. */
export function repeatedGroups(calls: readonly Call[]): string[] {
  const ids = calls.filter((call) => call.service === "taskApp" && call.path === "/rollout").map((call) => String(field(call, "run_id")));
  const groups = ids.filter((id, index) => ids.indexOf(id) < index).map((id) => /-(i\d+|eval\d+|random)-[^/]*$/.exec(id)?.[1] ?? id);
  return [...new Set(groups)];
}

/** The steps that were asked for, in their order: 1, 2, 2, 3 where the second one was asked for again. */
export function stepsAsked(calls: readonly Call[]): number[] {
  return calls.filter((call) => call.service === "trainer" && call.path.endsWith("/steps")).map((call) => Number(field(call, "step")));
}
