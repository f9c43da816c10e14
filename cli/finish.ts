import type { JobState } from "../collect/jobs.ts";
import { billLines, billTable } from "../report/billTable.ts";
import { buildReport } from "../report/build.ts";
import type { Phases, Report } from "../report/schema.ts";
import { comparisonTable } from "../report/table.ts";
import { terminalTable } from "../report/text.ts";
import { type ReportFiles, writeReport } from "../report/write.ts";
import { RunFailure } from "./exit.ts";
import { newestAdapter } from "./keptAdapter.ts";
import type { RunFolder } from "./runFolder.ts";

export interface FinishInput {
  stack: string;
  folder: RunFolder;
  jobs: readonly JobState[];
  phases: Phases;
  inventoryAfter: string[] | null;
}

/** Why the cluster ended each Job that failed, by run. */
export const jobFailures = (jobs: readonly JobState[]): Map<string, string> =>
  new Map(jobs.filter((job) => job.state === "failed").map((job) => [job.run, job.reason]));

/** Builds the report of a folder and writes its three files. */
export async function saveReport({ stack, folder, jobs, phases, inventoryAfter }: FinishInput): Promise<{ report: Report; files: ReportFiles }> {
  const found = await Promise.all([...folder.events.keys()].map(async (run) => [run, await newestAdapter(folder.path, run)] as const));
  const adapters = new Map(found.flatMap(([run, adapter]) => (adapter === null ? [] : [[run, adapter] as const])));
  const report = buildReport({ stack, createdAt: new Date(), phases, events: folder.events, jobFailures: jobFailures(jobs), adapters, usage: folder.usage, inventoryAfter });
  return { report, files: await writeReport(folder.path, report, folder.events) };
}

/** What the screen shows of a report. */
export function reportText(report: Report, files: ReportFiles): string {
  const bill = report.bill ? [terminalTable(billTable(report.bill)), "", ...billLines(report.bill), ""] : [];
  return ["", terminalTable(comparisonTable(report)), "", ...report.findings.map((finding) => `- ${finding}`), "", ...bill, `report: ${files.html}`].join("\n");
}

/** Throws when any run did not finish: the command's exit code must say what its report says. */
export function demandFinished(report: Report): void {
  const bad = report.runs.filter((run) => run.state !== "finished");
  if (bad.length > 0) throw new RunFailure(bad.map((run) => `${run.name}: ${run.state}${run.failure ? `: ${run.failure.reason}. What to do: ${run.failure.remedy}` : ""}`).join("\n"));
}
