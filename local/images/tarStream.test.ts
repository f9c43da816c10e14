import { chownSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { run } from "../command.ts";
import { tarStream } from "./tarStream.ts";

const signal = new AbortController().signal;
const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

/** A folder with two files, made in this order, at this time. */
function tree(names: string[], time: number): string {
  const folder = mkdtempSync(join(tmpdir(), "rewardlab-tar-"));
  folders.push(folder);
  mkdirSync(join(folder, "sub"));
  for (const name of names) {
    const path = join(folder, "sub", name);
    writeFileSync(path, name);
    utimesSync(path, time, time);
    if (process.getuid?.() === 0) chownSync(path, 1234, 1234);
  }
  return folder;
}

test("equal trees make equal layers, whoever owns them and whenever and in whichever order they were made", async () => {
  const [one, other] = await Promise.all([["a", "b"], ["b", "a"]].map((names, at) => buffer(tarStream(tree(names, 1000 + at), signal))));
  expect(one!.equals(other!)).toBe(true);
});

test("a layer holds the folder's content, not the folder's name, all of it root's", async () => {
  const file = join(tree([], 0), "layer.tar");
  writeFileSync(file, await buffer(tarStream(tree(["a"], 1000), signal)));
  const listing = await run("tar", ["--list", "--verbose", "--numeric-owner", "--file", file]);
  expect(listing).toMatch(/ 0\/0 .* \.\/sub\/a\n/);
  expect(listing).not.toMatch(/rewardlab|1234/);
});
