import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunEvent } from "../images/runner/src/events.ts";
import { htmlReport } from "./html.ts";
import { markdownReport } from "./markdown.ts";
import type { Report } from "./schema.ts";

export interface ReportFiles { json: string; markdown: string; html: string }

/** Writes report.json, report.md and report.html into `directory`; each appears whole or not at all. */
export async function writeReport(directory: string, report: Report, events: ReadonlyMap<string, readonly RunEvent[]>): Promise<ReportFiles> {
  await mkdir(directory, { recursive: true });
  const write = async (name: string, text: string) => {
    const path = join(directory, name);
    await writeFile(`${path}.tmp`, text);
    await rename(`${path}.tmp`, path);
    return path;
  };
  return {
    json: await write("report.json", `${JSON.stringify(report, null, 2)}\n`),
    markdown: await write("report.md", markdownReport(report)),
    html: await write("report.html", htmlReport(report, events)),
  };
}
