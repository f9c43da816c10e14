import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, it } from "vitest";
import { PROJECT_ROOT } from "../components/settings.ts";

/** What the docs point to is there: a claim whose proof was renamed proves nothing. */

const pages = ["README.md", ...["docs", "images"].flatMap((folder) => readdirSync(join(PROJECT_ROOT, folder), { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)))]
  .filter((path) => path.endsWith(".md") && !path.includes("node_modules"))
  .map((path) => join(PROJECT_ROOT, path));

/** A heading's anchor, by GitHub's rule: lower case, punctuation gone, spaces as hyphens. */
const anchorOf = (heading: string) => heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replace(/\s/g, "-");
const anchorsOf = (page: string) => [...readFileSync(page, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!));

it.each(pages.map((page) => relative(PROJECT_ROOT, page)))("every link of %s leads somewhere", (name) => {
  const page = join(PROJECT_ROOT, name);
  const links = [...readFileSync(page, "utf8").matchAll(/\]\(([^()\s]+)\)/g)].map(([, link]) => link!).filter((link) => !/^(https?|mailto):/.test(link));
  const broken = links.filter((link) => {
    const [path, anchor] = link.split("#") as [string, string | undefined];
    const target = path === "" ? page : join(dirname(page), path);
    return !existsSync(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
  });
  expect(broken).toEqual([]);
});

it("every script that the docs name is one of package.json's", () => {
  const { scripts } = JSON.parse(readFileSync(join(PROJECT_ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> };
  const named = pages.flatMap((page) => [...readFileSync(page, "utf8").matchAll(/npm run ([a-z][\w:-]*)/g)].map(([, script]) => script!));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((script) => !(script in scripts))).toEqual([]);
});
