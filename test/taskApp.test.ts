import { beforeAll, expect, it } from "vitest";
import { TaskApp } from "../components/taskApp.ts";
import { envOf, placesOf, server } from "./fixtures.ts";
import { record, type Recording } from "./record.ts";

let recording: Recording;
let pod: any;
beforeAll(async () => {
  recording = await record(async () => ({ url: new TaskApp("task-app", { ...server, keys: ["SYNTH_API_KEY", "ENVIRONMENT_API_KEY", "OPENAI_API_KEY"], env: { TASKAPP_ENV_WORKERS: "4" } }).url }));
  pod = recording.one("kubernetes:apps/v1:Deployment").inputs["spec"].template.spec;
});

it("serves under the name that the runs ask for", () => {
  expect(recording.outputs).toEqual({ url: "http://task-app:8001" });
  expect(recording.one("kubernetes:core/v1:Service").inputs).toMatchObject({ metadata: { name: "task-app" }, spec: { type: "ClusterIP", ports: [{ port: 8001 }] } });
});

it("gets the keys that are there, by reference, and none that are not", () => {
  const env = envOf(pod.containers[0]);
  for (const key of ["SYNTH_API_KEY", "ENVIRONMENT_API_KEY", "OPENAI_API_KEY"]) expect(env[key]).toEqual({ secretKeyRef: { name: "rewardlab-env", key } });
  expect(env).not.toHaveProperty("GROQ_API_KEY");
});

it("writes its traces where they are collected from, and its settings come last", () => {
  expect(envOf(pod.containers[0])).toMatchObject({ TASKAPP_SFT_OUTPUT_DIR: "/traces/v3", TASKAPP_TRACING_ENABLED: "1", TASKAPP_ENV_WORKERS: "4" });
  expect(placesOf(pod)["/traces"]).toEqual({ emptyDir: {}, readOnly: false });
});

it("is probed on the one route that needs no key", () => {
  for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"]) expect(pod.containers[0][probe].httpGet).toEqual({ path: "/", port: 8001 });
});
