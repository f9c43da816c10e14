import { fileURLToPath } from "node:url";
import { ToolchainError } from "./errors.ts";
import { type FamilyName, versions } from "./versions.ts";

/** How the sha256 of a release file is known: a file of the release, or the digest that GitHub's API has of it. */
export interface Checksum {
  kind: "sums" | "githubApi";
  url: string;
}

/** One file of an official release: a bare program, or a gzipped tar of which `members` names the programs' paths. */
export interface Download {
  url: string;
  checksum: Checksum;
  /** Program name → path in the archive; `null` when the file is the program itself. */
  members: Record<string, string | null>;
}

/** Everything that is needed to get the programs of one family, by either route. */
export interface Family {
  name: FamilyName;
  /** Without a leading `v`. */
  version: string;
  downloads: Download[];
  /** Program name → Go main package, all built by one `go build` in `moduleDir`. */
  packages: Record<string, string>;
  moduleDir: string;
  tags: string[];
  /** Linker settings `package.variable` → value (`-X`): what the program says of its own version. */
  stamps: Record<string, string>;
}

/** The processor in the words of Go, and so of most release files. */
export type GoArch = "amd64" | "arm64";

/** Throws {@link ToolchainError} for a processor that the releases don't cover. */
export function goArch(nodeArch: string): GoArch {
  if (nodeArch === "x64") return "amd64";
  if (nodeArch === "arm64") return "arm64";
  throw new ToolchainError(`processor ${nodeArch}: the embedded stack runs on x86-64 and arm64 only`);
}

/** Where a release file lies on a mirror: the official URL's host and path, below the mirror's base URL. */
export function mirrored(url: string, mirrorUrl: string | undefined): string {
  if (mirrorUrl === undefined) return url;
  const { host, pathname } = new URL(url);
  return `${mirrorUrl.replace(/\/+$/, "")}/${host}${pathname}`;
}

/** The families in the order in which they are fetched or built: what the cluster needs first comes first. */
export function families(arch: GoArch): Family[] {
  return [kubernetes(arch), etcd(arch), kwok(arch), pulumi(arch), coredns(arch), kubeRouter(arch)];
}

function kubernetes(arch: GoArch): Family {
  const version = versions.kubernetes;
  const programs = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kubectl", "kube-proxy"];
  const [major = "", minor = ""] = version.split(".");
  const stamps: Record<string, string> = {};
  for (const package_ of ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"]) {
    stamps[`${package_}.gitVersion`] = `v${version}`;
    stamps[`${package_}.gitMajor`] = major;
    stamps[`${package_}.gitMinor`] = minor;
    stamps[`${package_}.gitTreeState`] = "clean";
  }
  const downloads = programs.map((program) => {
    const url = `https://dl.k8s.io/v${version}/bin/linux/${arch}/${program}`;
    return { url, checksum: { kind: "sums" as const, url: `${url}.sha256` }, members: { [program]: null } };
  });
  const packages = Object.fromEntries(programs.map((program) => [program, `k8s.io/kubernetes/cmd/${program}`]));
  // The tags of upstream's own release build.
  const tags = ["grpcnotrace", "notest", "selinux"];
  return { name: "kubernetes", version, downloads, packages, moduleDir: moduleDir("kubernetes"), tags, stamps };
}

function etcd(arch: GoArch): Family {
  const version = versions.etcd;
  const release = `https://github.com/etcd-io/etcd/releases/download/v${version}`;
  const folder = `etcd-v${version}-linux-${arch}`;
  return {
    name: "etcd",
    version,
    downloads: [
      {
        url: `${release}/${folder}.tar.gz`,
        checksum: { kind: "sums", url: `${release}/SHA256SUMS` },
        members: { etcd: `${folder}/etcd` },
      },
    ],
    packages: { etcd: "go.etcd.io/etcd/server/v3" },
    moduleDir: moduleDir("etcd"),
    tags: [],
    stamps: {},
  };
}

function kwok(arch: GoArch): Family {
  const version = versions.kwok;
  const repository = "kubernetes-sigs/kwok";
  const programs = ["kwok", "kwokctl"];
  return {
    name: "kwok",
    version,
    downloads: programs.map((program) => ({
      url: `https://github.com/${repository}/releases/download/v${version}/${program}-linux-${arch}`,
      // kwok's releases hold no file of checksums.
      checksum: { kind: "githubApi", url: `https://api.github.com/repos/${repository}/releases/tags/v${version}` },
      members: { [program]: null },
    })),
    packages: Object.fromEntries(programs.map((program) => [program, `sigs.k8s.io/kwok/cmd/${program}`])),
    moduleDir: moduleDir("kwok"),
    tags: [],
    stamps: {},
  };
}

function pulumi(arch: GoArch): Family {
  const version = versions.pulumi;
  const release = `https://github.com/pulumi/pulumi/releases/download/v${version}`;
  return {
    name: "pulumi",
    version,
    downloads: [
      {
        url: `${release}/pulumi-v${version}-linux-${arch === "amd64" ? "x64" : arch}.tar.gz`,
        checksum: { kind: "sums", url: `${release}/pulumi-${version}-checksums.txt` },
        members: { pulumi: "pulumi/pulumi" },
      },
    ],
    packages: { pulumi: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" },
    moduleDir: moduleDir("pulumi"),
    tags: ["grpcnotrace", "osusergo"],
    // Without it the Automation API refuses the engine as too old.
    stamps: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${version}` },
  };
}

function coredns(arch: GoArch): Family {
  const version = versions.coredns;
  const url = `https://github.com/coredns/coredns/releases/download/v${version}/coredns_${version}_linux_${arch}.tgz`;
  return {
    name: "coredns",
    version,
    downloads: [{ url, checksum: { kind: "sums", url: `${url}.sha256` }, members: { coredns: "coredns" } }],
    packages: { coredns: "rewardlab.local/toolchain/coredns" },
    moduleDir: moduleDir("coredns"),
    tags: ["grpcnotrace"],
    stamps: {},
  };
}

function kubeRouter(arch: GoArch): Family {
  const version = versions["kube-router"];
  const release = `https://github.com/cloudnativelabs/kube-router/releases/download/v${version}`;
  return {
    name: "kube-router",
    version,
    downloads: [
      {
        url: `${release}/kube-router_${version}_linux_${arch}.tar.gz`,
        checksum: { kind: "sums", url: `${release}/kube-router_${version}_checksums.txt` },
        members: { "kube-router": "kube-router" },
      },
    ],
    packages: { "kube-router": "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router" },
    moduleDir: moduleDir("kube-router"),
    tags: ["grpcnotrace"],
    stamps: { "github.com/cloudnativelabs/kube-router/v2/pkg/version.Version": version },
  };
}

function moduleDir(name: FamilyName): string {
  return fileURLToPath(new URL(`modules/${name}`, import.meta.url));
}
