import { existsSync, readFileSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { run } from "../../command.ts";

/** Folders in which software leaves things; two levels of each are listed. */
const FOLDERS = [...[".kube", ".pulumi"].map((name) => join(homedir(), name)), "/etc/cni", "/opt", "/run", "/usr/libexec/kubernetes", "/var/lib", "/var/log"];
const SYSCTLS = ["kernel/panic", "kernel/panic_on_oops", "net/ipv4/ip_forward", "vm/overcommit_memory", "vm/panic_on_oom"];

/**
 * What's on this machine, one line a thing, found without the inventory that it's to check. A docker engine may be at work
 * beside the test; its things and files that grow by themselves are left out.
 */
export async function snapshot(stateDir: string): Promise<string[]> {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const lines = [
    ...mounts.flatMap((line) => (line ? [`mount ${line.split(" ")[4]}`] : [])),
    ...readdirSync("/sys/class/net").map((name) => `interface ${name}`),
    ...(await firewall("iptables-save")),
    ...(await firewall("ip6tables-save")),
    ...(await run("ipset", ["list", "-name"]).catch(() => "")).split("\n").flatMap((name) => (name ? [`address set ${name}`] : [])),
    ...readdirSync("/sys/fs/cgroup").flatMap((name) => entries(join("/sys/fs/cgroup", name), 1, "cgroup")),
    ...FOLDERS.flatMap((folder) => entries(folder, 2, "file")),
    ...SYSCTLS.map((name) => `sysctl ${name} ${readFileSync(join("/proc/sys", name), "utf8").trim()}`),
    ...processesNaming(stateDir),
  ];
  return lines.filter((line) => !/docker|buildkit|\/apt|\/dpkg/.test(line)).sort();
}

async function firewall(program: string): Promise<string[]> {
  const text = await run(program, []).catch(() => "");
  const isChain = (line: string) => line.startsWith(":") && line.includes(" - ");
  return text.split("\n").filter((line) => line.startsWith("-A") || isChain(line)).map((line) => `${program} ${line}`);
}

function entries(folder: string, depth: number, kind: string): string[] {
  if (depth === 0 || !existsSync(folder)) return [];
  let found;
  try {
    found = readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  return found.flatMap((entry) => {
    const path = join(folder, entry.name);
    // Image builds may go on beside the test.
    if (kind === "cgroup" && (!entry.isDirectory() || existsSync(join(path, "builds")))) return [];
    return [`${kind} ${path}`, ...(entry.isDirectory() ? entries(path, depth - 1, kind) : [])];
  });
}

/** Processes whose command line names a folder. */
function processesNaming(folder: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        return command.includes(folder) ? [`process ${pid} ${command}`] : [];
      } catch {
        return [];
      }
    });
}
