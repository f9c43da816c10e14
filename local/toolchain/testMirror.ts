import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { type Family, mirrored } from "./sources.ts";

/**
 * For tests: a mirror on the loopback whose releases are fake. Each program in them is a shell script that prints
 * `fake NAME`; paths, archives and checksums are laid out as in the real releases.
 */
export interface TestMirror {
  url: string;
  /** What is served, by path; tests change it to break things. */
  files: Map<string, Buffer>;
  /** Paths in the order in which they were asked for. */
  requests: string[];
  close: () => Promise<void>;
}

/** Serves fake releases of these families. */
export async function testMirror(families: Family[]): Promise<TestMirror> {
  const files = new Map<string, Buffer>();
  for (const family of families) addRelease(files, family);
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url!);
    const body = files.get(request.url!);
    response.writeHead(body ? 200 : 404, { "content-length": body?.length ?? 0 }).end(body);
  });
  const url = `http://127.0.0.1:${await listen(server)}`;
  return { url, files, requests, close: () => new Promise((resolve) => void server.close(() => resolve())) };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function addRelease(files: Map<string, Buffer>, family: Family): void {
  for (const { url, checksum, members } of family.downloads) {
    const path = mirrored(url, "");
    const body = fakeFile(members);
    files.set(path, body);
    const sum = createHash("sha256").update(body).digest("hex");
    const name = basename(path);
    const sums = mirrored(checksum.url, "");
    if (checksum.kind === "githubApi") {
      const known = JSON.parse(files.get(sums)?.toString() ?? '{"assets":[]}') as { assets: unknown[] };
      known.assets.push({ name, digest: `sha256:${sum}` });
      files.set(sums, Buffer.from(JSON.stringify(known)));
    } else {
      const other = `${"0".repeat(64)}  another-file.tar.gz\n`;
      // Beside each Kubernetes program lies its bare hash; the others publish sha256sum's lines.
      files.set(sums, Buffer.from(family.name === "kubernetes" ? sum : `${other}${sum}  ${name}\n`));
    }
  }
}

function fakeFile(members: Record<string, string | null>): Buffer {
  const dir = mkdtempSync(join(tmpdir(), "rewardlab-fake-release-"));
  try {
    for (const [program, member] of Object.entries(members)) {
      const script = `#!/bin/sh\necho fake ${program}\n`;
      if (member === null) return Buffer.from(script);
      mkdirSync(join(dir, dirname(member)), { recursive: true });
      writeFileSync(join(dir, member), script);
    }
    writeFileSync(join(dir, "LICENSE"), "another file of the archive\n");
    const names = ["LICENSE", ...Object.values(members).map((member) => member!.split("/")[0]!)];
    execFileSync("tar", ["-czf", "release.tar.gz", ...names], { cwd: dir });
    return readFileSync(join(dir, "release.tar.gz"));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
