/** What an object's status says about it right now. */
export type Verdict =
  | { state: "ready" }
  /** `reasons` say what is missing; they become the error when the time is up. */
  | { state: "waiting"; reasons: string[] }
  /** It won't get ready without a change, so there's no point in waiting longer. */
  | { state: "failed"; reasons: string[] };

export const READY: Verdict = { state: "ready" };

export function waiting(...reasons: string[]): Verdict {
  return { state: "waiting", reasons };
}

export function failed(...reasons: string[]): Verdict {
  return { state: "failed", reasons };
}
