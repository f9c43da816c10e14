import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { hasExceptions, parseDockerignore } from "./dockerignore.ts";

/**
 * The paths, relative to the context and in a fixed order, of what the builder is sent: files and links. The Dockerfile is
 * always among them, even when the ignore file names it. `<Dockerfile>.dockerignore` goes before `.dockerignore`.
 */
export function contextFiles(context: string, dockerfile: string): string[] {
  const ignoreFile = [`${dockerfile}.dockerignore`, join(context, ".dockerignore")].find((path) => existsSync(path));
  const text = ignoreFile === undefined ? "" : readFileSync(ignoreFile, "utf8");
  const isIgnored = parseDockerignore(text);
  const looksEverywhere = hasExceptions(text);
  const own = relative(context, dockerfile);
  const found: string[] = [];
  const walk = (folder: string) => {
    for (const entry of readdirSync(join(context, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      const ignored = path !== own && isIgnored(path);
      if (entry.isDirectory()) {
        if (!ignored || looksEverywhere || own.startsWith(`${path}/`)) walk(path);
      } else if (!ignored && (entry.isFile() || entry.isSymbolicLink())) found.push(path);
    }
  };
  walk("");
  return found.sort((a, b) => (a < b ? -1 : 1));
}
