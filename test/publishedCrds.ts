import { cp, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { folders } from "../components/settings.ts";
import { run } from "../local/command.ts";
import { findGo } from "../local/toolchain/go.ts";

/**
 * Go modules whose folder pkg/apis/crds has the definitions that their controllers are installed with. Newer versions of both ask
 * for a newer Go. The one of AKS's provider (github.com/Azure/karpenter-provider-azure) is not to be had everywhere.
 */
export const CRD_MODULES = {
  karpenter: "sigs.k8s.io/karpenter@v1.13.0",
  aws: "github.com/aws/karpenter-provider-aws@v1.14.1",
} as const;

/** The definitions of a module, each a YAML document, by file name; fetched by Go's own client once and kept in the cache folder. */
export async function publishedCrds(module: (typeof CRD_MODULES)[keyof typeof CRD_MODULES]): Promise<Record<string, string>> {
  const folder = join(folders().cacheDir, "crds", module.replaceAll("/", "_"));
  const names = await readdir(folder).catch(() => fetchInto(folder, module));
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const)));
}

async function fetchInto(folder: string, module: string): Promise<string[]> {
  const go = await findGo();
  if (!go) throw new Error(`no Go here to fetch ${module} with: install one, or run the other tests`);
  const answer = await run(go.path, ["mod", "download", "-json", module], { cwd: "/", env: { GOTOOLCHAIN: "local", GOFLAGS: "-mod=mod" } });
  const { Dir, Error: refusal } = JSON.parse(answer) as { Dir?: string; Error?: string };
  if (!Dir) throw new Error(`${module} can't be had: ${refusal}`);
  const partial = `${folder}.${process.pid}`;
  await mkdir(partial, { recursive: true });
  await cp(join(Dir, "pkg", "apis", "crds"), partial, { recursive: true, filter: (path) => !/\.[a-z]+$/.test(path) || path.endsWith(".yaml") });
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
  return readdir(folder);
}
