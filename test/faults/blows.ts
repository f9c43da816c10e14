import { truncateSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { folders } from "../../components/settings.ts";
import { ensureHostPrograms } from "../../local/cluster/hostPrograms.ts";
import { startKubelet } from "../../local/cluster/kubelet.ts";
import { defaultSettings } from "../../local/cluster/settings.ts";
import { markedProcesses } from "../../local/cluster/strays.ts";
import { readRecord } from "../../local/daemon/pidFile.ts";
import { ensureToolchain } from "../../local/toolchain/toolchain.ts";
import type { FaultStack } from "./faultStack.ts";
import type { Fault } from "./matrix.ts";
import { MOMENTS } from "./moment.ts";
import type { Trials } from "./trials.ts";

const AWAY_MS = 60_000;
const KUBELET_AWAY_MS = 3000;
/** Of a checkpoint: so much room on a full disk is too little for the run that fails, and enough for a bystander of rank 1. */
const ROOM_LEFT = 0.7;

const ENDED = /"type":"run.(finished|failed)"/;

/** Brings the runs of a fault into their phases and strikes. Returns when the fault is over; the runs go on. */
export const BLOWS: Record<Fault, (stack: FaultStack, trials: Trials) => Promise<void>> = {
  async "runner killed"(_stack, trials) {
    // vLLM has loaded the version, and the runner never hears of it.
    await trials.begin({ moment: "load", side: "answer" });
    await trials.startBystander();
    const { step, save } = trials.at;
    const answer = step.line.hold(MOMENTS.step, "answer");
    await step.stepping();
    await step.killRunner();
    answer.release();
    const gate = await save.saving();
    await save.killRunner();
    await gate.open();
    for (const phase of ["rollout", "load", "evaluation"] as const) {
      await trials.at[phase].killRunner();
      trials.release(phase);
    }
  },

  async "trainer killed"(stack, trials) {
    await trials.begin({ moment: "check" });
    await trials.startBystander();
    const trainer = await stack.processOf("trainer");
    await trials.at.step.stepping();
    await kill(trainer, () => trials.release("rollout", "load", "evaluation"));
    if (trials.at.step.saved) throw new Error("the step was over before the trainer died");
    // When it is back and the others have come to their end, it dies again, in the middle of a save.
    for (const phase of ["rollout", "step", "load", "evaluation"] as const) await trials.at[phase].says(ENDED);
    const gate = await trials.at.save.saving();
    await kill(await stack.processOf("trainer"));
    gate.remove();
  },

  async "vLLM killed"(stack, trials) {
    const open = await inAllPhases(trials);
    await kill(await stack.processOf("vllm"), () => trials.release("rollout", "load", "evaluation"));
    await open();
  },

  async "task app killed"(stack, trials) {
    const open = await inAllPhases(trials);
    await kill(await stack.processOf("task-app"));
    trials.release("rollout", "load", "evaluation");
    await open();
  },

  async "API server 60 s away"(stack, trials) {
    const open = await inAllPhases(trials);
    const server = markedProcesses(stack.layout.pidDir).find(({ command }) => command === "kube-apiserver")!;
    process.kill(server.pid, "SIGSTOP");
    try {
      trials.release("rollout", "load", "evaluation");
      await open();
      await sleep(AWAY_MS);
    } finally {
      process.kill(server.pid, "SIGCONT");
    }
  },

  async "kubelet restarted"(stack, trials) {
    const open = await inAllPhases(trials);
    process.kill(readRecord(stack.layout.pidDir, "kubelet")!.pid, "SIGKILL");
    trials.release("rollout", "load", "evaluation");
    await open();
    await sleep(KUBELET_AWAY_MS);
    const ctx = { progress: () => undefined, signal: new AbortController().signal };
    const toolchain = await ensureToolchain({ ...folders(), ...ctx });
    const node = readRecord(stack.layout.pidDir, "containerd")!.pid;
    await startKubelet(defaultSettings, stack.layout, toolchain, await ensureHostPrograms(ctx), node, ctx);
  },

  async "disk full"(stack, trials) {
    await trials.begin();
    const { rollout, step, save, load } = trials.at;
    // Each that has a step before it is refused once, and hears of it when there is room again.
    const refusals = [rollout, step, load].map(({ line }) => line.hold(({ path, status }) => path.endsWith("/steps") && status === 500, "answer"));
    stack.disk.fill();
    trials.release("rollout", "step", "load", "evaluation");
    await Promise.all(refusals.map(({ reached }) => reached));
    stack.disk.free();
    for (const refusal of refusals) refusal.release();
    // While there is room they take the steps that are still before them.
    for (const phase of ["rollout", "step", "load", "evaluation"] as const) await trials.at[phase].says(ENDED);
    // The last one meets a disk that stays full: of what it needs there is too little room, for a smaller run there is enough.
    const gate = await save.saving();
    stack.disk.fill(Math.floor(ROOM_LEFT * stack.disk.sizeOf("state", save.key, "step-00000001.safetensors")));
    await gate.open();
    await save.says(ENDED);
    await trials.startBystander((spec) => ({ ...spec, lora: { ...spec.lora, rank: 1 } }));
    await trials.ended();
    stack.disk.free();
  },

  async "adapter file torn"(_stack, trials) {
    await trials.begin();
    await trials.startBystander();
    const { rollout, step, save, load, evaluation } = trials.at;
    // Versions that serve.
    for (const [trial, version] of [[rollout, 1], [step, 1], [evaluation, 3]] as const) tear(trial.weights(version));
    // The one that is about to be read: the runner has just been told that it is whole.
    tear(load.weights(2));
    trials.release("rollout", "step", "load", "evaluation");
    const gate = await save.saving();
    tear(gate.weights);
    await gate.open();
  },
};

/** All five in their phases and the bystander under way. The save goes on when the function that is returned is called. */
async function inAllPhases(trials: Trials): Promise<() => Promise<void>> {
  await trials.begin();
  await trials.startBystander();
  const gate = await trials.at.save.saving();
  await trials.at.step.stepping();
  return () => gate.open();
}

/** Kills a server with requests on their way to it: it stands still while they come. */
async function kill(pid: number, comes: () => void = () => undefined): Promise<void> {
  process.kill(pid, "SIGSTOP");
  comes();
  await sleep(200);
  process.kill(pid, "SIGKILL");
}

function tear(file: string): void {
  truncateSync(file, 1000);
}
