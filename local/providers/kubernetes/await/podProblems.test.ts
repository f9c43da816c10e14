import { expect, test } from "vitest";
import { brokenContainers, configurationErrors, crashLoops, podProblems } from "./podProblems.ts";

const pod = (...containerStatuses: any[]) => ({ metadata: { name: "p" }, status: { containerStatuses } });

test("a crash loop shows the back-off and the last exit", () => {
  const status = {
    name: "c",
    ready: false,
    restartCount: 2,
    state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 20s" } },
    lastState: { terminated: { exitCode: 1, reason: "Error" } },
  };
  expect(podProblems(pod(status))).toEqual([
    "pod p: container c: [CrashLoopBackOff] back-off 20s",
    "pod p: container c: ended with exit code 1 (Error)",
  ]);
  expect(brokenContainers(pod(status))).toEqual([{ name: "c", restarted: true }]);
});

test("a pod that is starting, ready or has ended well has no problem", () => {
  const creating = { name: "a", ready: false, state: { waiting: { reason: "ContainerCreating" } } };
  const running = { name: "b", ready: true, state: { running: {} } };
  const done = { name: "c", ready: false, state: { terminated: { exitCode: 0, reason: "Completed" } } };
  expect(podProblems(pod(creating, running, done))).toEqual([]);
  expect(brokenContainers(pod(creating, running, done))).toEqual([]);
});

test("a container that was restarted five times and still crashes is a crash loop; four times is not yet one", () => {
  const status = (restartCount: number) => ({ name: "c", restartCount, state: { waiting: { reason: "CrashLoopBackOff" } } });
  expect(crashLoops(pod(status(4)))).toEqual([]);
  expect(crashLoops(pod(status(5)))).toEqual(["container c of pod p was restarted 5 times and keeps crashing"]);
});

test("a container that ends with 78 can't work as it is set up, an init container too, and its own words are told", () => {
  const message = "GPU preflight: the GPU is NVIDIA L4. What to do: take the node out of the pool";
  const ended = (exitCode: number) => ({ name: "preflight", ready: false, state: { terminated: { exitCode, message } } });
  const ofInit = (status: any) => ({ metadata: { name: "p" }, status: { initContainerStatuses: [status] } });
  expect(configurationErrors(ofInit(ended(78)))).toEqual([`container preflight of pod p can't work as it is set up (exit code 78): ${message}`]);
  expect(configurationErrors(ofInit({ ...ended(0), state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: { terminated: { exitCode: 78 } } })))
    .toEqual(["container preflight of pod p can't work as it is set up (exit code 78)"]);
  expect(configurationErrors(ofInit(ended(1)))).toEqual([]);
  expect(configurationErrors(pod({ name: "c", ready: true, state: { running: {} }, lastState: { terminated: { exitCode: 78 } } }))).toEqual([]);
  expect(configurationErrors(pod({ name: "c", ready: false, state: { running: {} }, lastState: { terminated: { exitCode: 78 } } }))).toEqual([]);
});
