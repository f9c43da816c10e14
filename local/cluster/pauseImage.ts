import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../command.ts";
import { ctr } from "./ctr.ts";
import type { HostPrograms } from "./hostPrograms.ts";
import type { Layout } from "./layout.ts";

/** The image of every pod's sandbox; a change of the program below needs another tag. */
export const PAUSE_IMAGE = "rewardlab.local/pause:1";

/**
 * x86-64 machine code of a program that waits for ever, so that neither a compiler nor a download is needed:
 * `again: mov eax, 34 (pause(2)); syscall; jmp again`. As process 1 it ignores every signal but SIGKILL, which is what
 * containerd ends sandboxes with.
 */
const CODE = Buffer.from([0xb8, 0x22, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7]);

/** A static ELF executable: the file header and one loadable segment as in elf(5), then the code. */
export function pauseProgram(): Buffer {
  const base = 0x400000n;
  const headers = 64 + 56;
  const elf = Buffer.alloc(headers);
  elf.write("\x7fELF", 0, "latin1");
  elf.set([2, 1, 1], 4); // 64 bits, little-endian, version 1
  elf.writeUInt16LE(2, 16); // an executable
  elf.writeUInt16LE(62, 18); // for x86-64
  elf.writeUInt32LE(1, 20);
  elf.writeBigUInt64LE(base + BigInt(headers), 24); // entry point
  elf.writeBigUInt64LE(64n, 32); // where the program header is
  elf.writeUInt16LE(64, 52);
  elf.writeUInt16LE(56, 54);
  elf.writeUInt16LE(1, 56);
  elf.writeUInt32LE(1, 64); // PT_LOAD
  elf.writeUInt32LE(5, 68); // readable, executable
  elf.writeBigUInt64LE(base, 80);
  elf.writeBigUInt64LE(base, 88);
  elf.writeBigUInt64LE(BigInt(headers + CODE.length), 96);
  elf.writeBigUInt64LE(BigInt(headers + CODE.length), 104);
  elf.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([elf, CODE]);
}

/** Puts the image into containerd when it isn't there; its own client makes it from a one-layer docker archive. */
export async function ensurePauseImage(layout: Layout, programs: HostPrograms): Promise<void> {
  const images = (await ctr(layout, programs, ["images", "ls", "-q"])).split("\n");
  if (images.includes(PAUSE_IMAGE)) return;
  const folder = mkdtempSync(join(tmpdir(), "pause-image-"));
  try {
    const archive = await writeArchive(folder, programs);
    await ctr(layout, programs, ["images", "import", "--snapshotter", "overlayfs", archive]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function writeArchive(folder: string, programs: HostPrograms): Promise<string> {
  const root = join(folder, "root");
  const image = join(folder, "image");
  for (const part of [root, image]) mkdirSync(part);
  writeFileSync(join(root, "pause"), pauseProgram());
  chmodSync(join(root, "pause"), 0o755);
  const layer = join(image, "layer.tar");
  const plain = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  await run(programs.tar, [...plain, "-C", root, "-cf", layer, "pause"]);
  const digest = createHash("sha256").update(readFileSync(layer)).digest("hex");
  const config = {
    architecture: "amd64",
    os: "linux",
    config: { Entrypoint: ["/pause"], User: "65535:65535" },
    rootfs: { type: "layers", diff_ids: [`sha256:${digest}`] },
    history: [],
  };
  writeFileSync(join(image, "config.json"), JSON.stringify(config));
  const manifest = [{ Config: "config.json", RepoTags: [PAUSE_IMAGE], Layers: ["layer.tar"] }];
  writeFileSync(join(image, "manifest.json"), JSON.stringify(manifest));
  const archive = join(folder, "pause.tar");
  await run(programs.tar, [...plain, "-C", image, "-cf", archive, "manifest.json", "config.json", "layer.tar"]);
  return archive;
}
