import { availableParallelism, cpus, loadavg, totalmem } from "node:os";

export interface Conditions {
  date: string;
  cores: number;
  cpu: string;
  memoryGiB: number;
  /** Processes that ran or wanted to, mean of the last minute (getloadavg(3)): above the cores, times are too long. */
  loadAtStart: number;
  node: string;
}

/** What a figure of this machine, now, depends on. */
export function conditionsNow(): Conditions {
  return {
    date: new Date().toISOString(),
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    memoryGiB: Math.round((totalmem() / 1024 ** 3) * 10) / 10,
    loadAtStart: Math.round(loadavg()[0]! * 100) / 100,
    node: process.version,
  };
}
