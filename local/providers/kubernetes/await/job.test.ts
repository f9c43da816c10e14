import { expect, test } from "vitest";
import { jobVerdict } from "./job.ts";

const job = (status: any) => ({ apiVersion: "batch/v1", kind: "Job", status });
const running = { startTime: "2026-01-01T00:00:00Z", active: 1 };

test("a Job is ready when it's complete", () => {
  expect(jobVerdict(job({ ...running, conditions: [{ type: "Complete", status: "True" }] })).state).toBe("ready");
});

test.each(["BackoffLimitExceeded", "DeadlineExceeded", "PodFailurePolicy"])("it has failed with %s", (reason) => {
  const failure = { type: "Failed", status: "True", reason, message: "no" };
  expect(jobVerdict(job({ ...running, conditions: [failure] }))).toEqual({ state: "failed", reasons: [`[${reason}] no`] });
});

test("until then it's waited for, and the counts are said", () => {
  expect(jobVerdict(job({}))).toMatchObject({ state: "waiting" });
  expect(jobVerdict(job(running))).toEqual({ state: "waiting", reasons: ["not complete: 1 active, 0 succeeded, 0 failed"] });
});
