import type { Container } from "./types.ts";

const PERIOD_SECONDS = 10;

export interface ProbePaths {
  port: number;
  /** Answers as soon as the process serves. */
  health: string;
  /** Answers when there is something to serve. */
  ready: string;
  /** Budget of the start: image pulled, model loaded, kernels compiled. */
  readyWithinMinutes: number;
}

/**
 * Probes of a model server. Until the start-up probe has succeeded the others rest, so that a long load is not taken for
 * a hang; afterwards a minute and a half without an answer restarts the process. A busy server answers late, hence the
 * long timeouts.
 */
export function serverProbes({ port, health, ready, readyWithinMinutes }: ProbePaths): Pick<Container, "startupProbe" | "readinessProbe" | "livenessProbe"> {
  return {
    startupProbe: {
      httpGet: { path: ready, port }, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: Math.ceil((readyWithinMinutes * 60) / 5),
    },
    readinessProbe: { httpGet: { path: ready, port }, periodSeconds: PERIOD_SECONDS, timeoutSeconds: PERIOD_SECONDS, failureThreshold: 3 },
    livenessProbe: { httpGet: { path: health, port }, periodSeconds: 15, timeoutSeconds: 15, failureThreshold: 6 },
  };
}
