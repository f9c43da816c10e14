import { cp, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { folders } from "../components/settings.ts";
import { run } from "../local/command.ts";
import { findGo } from "../local/toolchain/go.ts";

/** A Go module, and the folder in it with the definitions that its controller is installed with. */
interface CrdModule {
  module: string;
  folder: string;
}

/**
 * Newer versions of Karpenter's ask for a newer Go. The one of AKS's provider (github.com/Azure/karpenter-provider-azure) is not to
 * be had everywhere.
 */
export const CRD_MODULES = {
  karpenter: { module: "sigs.k8s.io/karpenter@v1.13.0", folder: "pkg/apis/crds" },
  aws: { module: "github.com/aws/karpenter-provider-aws@v1.14.1", folder: "pkg/apis/crds" },
  kueue: { module: "sigs.k8s.io/kueue@v0.17.0", folder: "config/components/crd/bases" },
} as const satisfies Record<string, CrdModule>;

/** The definitions of a module, each a YAML document, by file name; fetched by Go's own client once and kept in the cache folder. */
export async function publishedCrds(from: CrdModule): Promise<Record<string, string>> {
  const folder = join(folders().cacheDir, "crds", from.module.replaceAll("/", "_"));
  const names = await readdir(folder).catch(() => fetchInto(folder, from));
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const)));
}

async function fetchInto(folder: string, { module, folder: inModule }: CrdModule): Promise<string[]> {
  const go = await findGo();
  if (!go) throw new Error(`no Go here to fetch ${module} with: install one, or run the other tests`);
  const answer = await run(go.path, ["mod", "download", "-json", module], { cwd: "/", env: { GOTOOLCHAIN: "local", GOFLAGS: "-mod=mod" } });
  const { Dir, Error: refusal } = JSON.parse(answer) as { Dir?: string; Error?: string };
  if (!Dir) throw new Error(`${module} can't be had: ${refusal}`);
  const partial = `${folder}.${process.pid}`;
  await mkdir(partial, { recursive: true });
  await cp(join(Dir, inModule), partial, { recursive: true, filter: (path) => !/\.[a-z]+$/.test(path) || path.endsWith(".yaml") });
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
  return readdir(folder);
}
