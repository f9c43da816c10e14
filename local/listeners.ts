import { readFileSync, readdirSync, readlinkSync } from "node:fs";

/** A TCP socket that listens. */
export interface Listener {
  /** Hexadecimal, in the byte order of /proc/net. */
  address: string;
  port: number;
  inode: string;
}

/** Who has a port. */
export interface PortHolder {
  pid: number;
  command: string;
  /** Its environment, entries `NAME=value`. */
  environment: string[];
}

/** The listening sockets in the text of /proc/net/tcp or tcp6: state 0A, the port in hexadecimal; see proc(5). */
export function parseListeners(text: string): Listener[] {
  return text.split("\n").flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    if (fields[3] !== "0A") return [];
    const [address, port] = fields[1]!.split(":");
    return [{ address: address!, port: parseInt(port!, 16), inode: fields[9]! }];
  });
}

/** A port that a program will listen on, at one address of the machine (IPv4) or at any. */
export interface WantedPort {
  port: number;
  address?: string;
}

/** Whether a listener is in the way: at one address only who has that one, or all of them, is. */
export function isInTheWay({ port, address }: Listener, wanted: WantedPort): boolean {
  if (port !== wanted.port) return false;
  return wanted.address === undefined || /^0+$/.test(address) || address === hexOf(wanted.address);
}

const hexOf = (ipv4: string): string => Buffer.from(ipv4.split(".").reverse().map(Number)).toString("hex").toUpperCase();

/** Who listens on each of these ports; a port that's free isn't in the map, one of an unknown process has no holder. */
export function portHolders(ports: readonly WantedPort[]): Map<number, PortHolder | undefined> {
  const listeners = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) => parseListeners(read(path)));
  const taken = listeners.filter((listener) => ports.some((wanted) => isInTheWay(listener, wanted)));
  const owners = taken.length > 0 ? socketOwners() : new Map<string, number>();
  return new Map(taken.map(({ port, inode }) => [port, holder(owners.get(inode))]));
}

function holder(pid: number | undefined): PortHolder | undefined {
  if (pid === undefined) return undefined;
  const environment = read(`/proc/${pid}/environ`).split("\0").filter(Boolean);
  return { pid, command: read(`/proc/${pid}/comm`).trim(), environment };
}

/** Which process holds a socket, by the socket's inode. */
function socketOwners(): Map<string, number> {
  const owners = new Map<string, number>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    for (const link of openFiles(pid)) {
      const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
      if (inode) owners.set(inode, Number(pid));
    }
  }
  return owners;
}

/** What a process's open files are; none for one that ended meanwhile or isn't ours to see. */
function openFiles(pid: string): string[] {
  const folder = `/proc/${pid}/fd`;
  return orElse([], () => readdirSync(folder)).map((fd) => orElse("", () => readlinkSync(`${folder}/${fd}`)));
}

function read(path: string): string {
  return orElse("", () => readFileSync(path, "utf8"));
}

/** What a process has in /proc may be gone between two looks at it. */
function orElse<T>(otherwise: T, look: () => T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}
