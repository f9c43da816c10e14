import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { buildReport } from "../../report/build.ts";
import { fakeEvents } from "../../report/fakeEvents.ts";
import { envFigures } from "./envBench.ts";
import { figure, figureLines, type Figure } from "./figures.ts";
import { bytesIn, DiskWatch } from "./disk.ts";
import { localFigures } from "./localBench.ts";
import { descendants, MemoryWatch, pssBytes, stackProcesses } from "./memory.ts";
import { previewFigures, secondsBeforeEngine } from "./programBench.ts";
import { trainerBench, trainerFigures } from "./trainerBench.ts";

const valueOf = (figures: readonly Figure[], name: string) => figures.find((each) => each.name === name)?.value;

it("rounds a figure to four digits, shows its unit, and refuses what is no number", () => {
  expect(figureLines([figure("a", 1.23456, "s", "why"), figure("longer", 1e-7, "")])).toEqual(["a       1.235 s  (why)", "longer  1e-7"]);
  expect(() => figure("a", Number.NaN, "s")).toThrow(RangeError);
});

it("reads a process's share of memory, follows whom it started, and keeps the worst moment of a watch", async () => {
  expect(pssBytes("00400000-7ffd rollup\nRss:   900 kB\nPss:   512 kB\nPss_Anon:  100 kB\n")).toBe(512 * 1024);
  expect(() => pssBytes("Rss: 1 kB\n")).toThrow("no Pss");
  expect(descendants(new Map([[2, 1], [3, 2], [4, 3], [5, 1], [6, 9]]), 2)).toEqual([3, 4]);
  let pids = [process.pid];
  const watch = new MemoryWatch(() => pids);
  watch.sample();
  const { bytes, processes } = watch.peak;
  expect([processes, bytes > 2 ** 20, bytes < 2 ** 34]).toEqual([1, true, true]);
  pids = [];
  watch.stop();
  expect(watch.peak.processes).toBe(1);
});

it("finds a process that the bench started among the stack's", async () => {
  const child = spawn("sleep", ["60"]);
  const folder = mkdtempSync(join(tmpdir(), "rewardlab-bench-"));
  expect(stackProcesses({ cacheDir: folder, stateDir: folder })).toContain(child.pid);
  child.kill();
  rmSync(folder, { recursive: true });
});

it("counts what a folder takes, and keeps the most that it took", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rewardlab-bench-"));
  const file = join(folder, "file");
  writeFileSync(file, Buffer.alloc(2 ** 20, 1));
  const watch = new DiskWatch(folder);
  await watch.look();
  rmSync(folder, { recursive: true });
  await watch.stop();
  expect(watch.peakBytes).toBeGreaterThanOrEqual(2 ** 20);
  expect(await bytesIn(folder)).toBe(0);
});

it("takes the environment's figures from its program's output, and refuses another form", () => {
  const times = { wall_s: 0.002, cpu_s: 0.001 };
  const output = {
    warm_up: times, reset: { ...times, p95_wall_s: 0.003 }, first_episode_of_a_seed: times, further_episode_of_a_seed: times, decision_of_5_actions: times,
    served: { episodes: 16, one_by_one_s: 3, at_once_s: 2, longest_wait_of_the_event_loop_s: 0.01 },
    conditions: { python: "3.11.7", seeds: 20, decisions: 100, cores: 2, world_makers: 2 },
  };
  const { figures, keys } = envFigures(JSON.stringify(output));
  expect([valueOf(figures, "steps_per_second"), valueOf(figures, "scaling"), keys]).toEqual([2500, 1.5, { p50: 0.002, p95: 0.003 }]);
  expect(() => envFigures(JSON.stringify({ ...output, reset: undefined }))).toThrow("reset");
});

it("tells a preview's own time from that of the parts before it", () => {
  const lines = ["    0.1 s  toolchain: Kubernetes", "    0.2 s  toolchain: 0.1 s", "    1.9 s  images: 1.8 s", "    1.2 s  cluster: 1.0 s", "    4.0 s  Deployment same"];
  expect(secondsBeforeEngine(lines)).toBe(1.9);
  expect(secondsBeforeEngine([])).toBe(0);
  const { figures, notMeasured } = previewFigures({ stdout: '{"version":1,"changes":{"same":20}}', lines, wallSeconds: 5 });
  expect([valueOf(figures, "preview"), valueOf(figures, "preview_command"), valueOf(figures, "second_up_changes")]).toEqual([3.1, 5, 0]);
  expect(notMeasured).toEqual([]);
});

it("counts what a second up changes, and does not count a first one as such", () => {
  const preview = (changes: object) => previewFigures({ stdout: JSON.stringify({ version: 1, changes }), lines: [], wallSeconds: 5 });
  expect(valueOf(preview({ same: 20, update: 1, replace: 2 }).figures, "second_up_changes")).toBe(3);
  const first = preview({ create: 23 });
  expect(valueOf(first.figures, "second_up_changes")).toBeUndefined();
  expect(first.notMeasured).toEqual([expect.stringContaining("second up was not measured")]);
});

it("takes a start's figures from its report, the slowest run's sync among them, and says what no run did", () => {
  const facts = { wallSeconds: 200, memory: { bytes: 8 * 1024 ** 3, processes: 40 }, disk: { cacheBytes: 18e9, stateBytes: 2e9 } };
  const reportOf = (length?: number) => JSON.stringify(buildReport({
    stack: "local", createdAt: new Date(0), phases: { up: 20, runs: 150, down: 15 }, jobFailures: new Map(), usage: null, inventoryAfter: [],
    events: new Map([["a", fakeEvents({ name: "a", iterations: 3, rewards: [0.1, 0.2, 0.3], before: [0], after: [1] }).slice(0, length)]]),
  }));
  const { figures, notMeasured } = localFigures({ ...facts, report: reportOf() });
  expect(Object.fromEntries(figures.map(({ name, value }) => [name, value]))).toEqual({
    total: 200, not_runs: 50, phase_up: 20, phase_runs: 150, phase_down: 15,
    adapter_sync_p50: 0.1, adapter_sync_p95: 0.1, mean_logprob_delta: 3e-6, peak_memory: 8, disk: 20, disk_cache: 18,
  });
  expect(notMeasured).toEqual([]);
  expect(localFigures({ ...facts, report: reportOf(1) }).notMeasured).toHaveLength(2);
});

it("sets a training step beside TRL's and beside the device's rate, by processor time on a CPU and by the clock on a GPU", async () => {
  const steps = (seconds: number, peak: number) => ({ seconds, cpu_seconds: seconds / 2, peak_bytes: peak, steps: 7 });
  const output = JSON.stringify({
    matmul_rate: 8e14, alone: steps(4, 50 * 1024 ** 3), facts: { computed_bytes: 49 * 1024 ** 3, micro_batches: 5, checkpointed_layers: 0, flops: 1.2e15 },
    comparisons: [
      { checkpointing: "off", lengths: "equal", ours: steps(3, 8e9), trl: steps(4, 10e9), disagreement: 1e-6 },
      { checkpointing: "on", lengths: "equal", ours: { ...steps(3, 8e9), cpu_seconds: 3 }, trl: steps(4, 10e9), disagreement: 3e-6 },
    ],
    not_measured: ["TRL is not there"], conditions: { case: "qwen3-4b" },
  });
  const onGpu = trainerFigures(output, "cuda");
  expect(onGpu.keys).toEqual({ ratio: 0.75, memoryRatio: 0.8, share: 0.375 });
  expect(onGpu.notMeasured).toEqual(["TRL is not there"]);
  expect(onGpu.conditions).toMatchObject({ case: "qwen3-4b", largestDifference: 3e-6 });
  expect(valueOf(onGpu.figures, "share_of_matmul_rate")).toBe(0.375);
  const onCpu = trainerFigures(output, "cpu").figures;
  expect([valueOf(onCpu, "ratio_equal"), valueOf(onCpu, "ratio_checkpointed_equal"), valueOf(onCpu, "step")]).toEqual([0.75, 1.5, 2]);
  expect(() => trainerFigures(output.replace("matmul_rate", "rate"), "cpu")).toThrow("matmul_rate");
  await expect(trainerBench(() => undefined, { device: "tpu" })).rejects.toThrow('--device is cpu or cuda, not "tpu".');
  await expect(trainerBench(() => undefined, { device: "cuda" })).rejects.toThrow("--python /path/to/python");
});
