import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { contextFiles } from "./contextFiles.ts";

/** The context as a tar stream, everything owned by root. The stream fails when a file can't be read. */
export function contextArchive(context: string, dockerfile: string): Readable {
  const args = ["--create", "--no-recursion", "--null", "--files-from=-", "--owner=0", "--group=0", "--numeric-owner"];
  const tar = spawn("tar", ["--directory", context, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  let complaint = "";
  tar.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
  tar.on("error", (error) => tar.stdout.destroy(new Error(`tar can't be run: ${error.message}`)));
  tar.on("close", (code) => {
    if (code !== 0) tar.stdout.destroy(new Error(`the build context ${context} can't be read: ${complaint.trim()}`));
  });
  tar.stdin.end(contextFiles(context, dockerfile).map((path) => `./${path}\0`).join(""));
  return tar.stdout;
}
