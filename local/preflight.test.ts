import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { MARKER } from "./daemon/daemon.ts";
import { isInTheWay, parseListeners, portHolders } from "./listeners.ts";
import { type MachineFacts, machineFacts, overlaps, parseRoutes } from "./machineFacts.ts";
import { problemLine, problemsOf } from "./preflight.ts";

const fit: MachineFacts = {
  platform: "linux",
  arch: "x64",
  uid: 0,
  stateDir: "/var/lib/rewardlab",
  takenPorts: [],
  disks: [{ folder: "/var", needGiB: 30, haveGiB: 31 }],
  hasApt: true,
  missingPackages: ["containerd"],
  missingControllers: [],
  foreignNodes: [],
  foreignStateDirs: [],
  overlappingRoutes: [],
};
const lines = (changes: Partial<MachineFacts>) => problemsOf({ ...fit, ...changes }).map(problemLine);

test("a machine that fits has no problem; packages that apt can bring are none", () => {
  expect(lines({})).toEqual([]);
});

test("all problems are told at once, each with its place and a remedy", () => {
  const found = lines({
    takenPorts: [{ port: 16443, use: "the cluster (apiServer)", holder: "nginx (pid 7)" }],
    disks: [{ folder: "/small", needGiB: 30, haveGiB: 2.04 }],
    hasApt: false,
    missingControllers: ["memory"],
    foreignNodes: ["kubelet (pid 12)"],
    foreignStateDirs: ["/other/state"],
    overlappingRoutes: [{ range: "10.215.0.0/24", route: "10.0.0.0/8" }],
    stateDir: `/${"x".repeat(100)}`,
  });
  expect(found).toHaveLength(8);
  expect(found[0]).toBe(
    "port 16443: needed for the cluster (apiServer), and nginx (pid 7) listens on it; end that program, or " +
      "use a stack on another cluster: README.md, On a cluster of your own",
  );
  expect(found[1]).toMatch(/^\/small: 30 GiB are needed on its disk, 2\.0 GiB are free; make room/);
  expect(found[2]).toMatch(/^apt-get: .*containerd; install these programs by hand/);
  expect(found[3]).toMatch(/^\/sys\/fs\/cgroup: .*memory; mount them/);
  expect(found[4]).toMatch(/^kubelet \(pid 12\): .*another Kubernetes.*; stop it/);
  expect(found[5]).toMatch(/^\/other\/state: another embedded node runs/);
  expect(found[6]).toMatch(/^10\.215\.0\.0\/24: .*10\.0\.0\.0\/8; leave that network/);
  expect(found[7]).toMatch(/paths longer than Linux allows .*; name a shorter folder/);
});

test("another system or another user is the only problem that's told, with the way that needs neither", () => {
  expect(lines({ platform: "darwin", hasApt: false })).toEqual([expect.stringMatching(/Linux on x64.*On a cluster of your own/)]);
  expect(lines({ uid: 1000, hasApt: false })).toEqual([expect.stringMatching(/this is user 1000.*sudo.*On a cluster of your own/)]);
  expect(lines({ arch: "arm64" })).toEqual([expect.stringMatching(/linux on arm64/)]);
});

test("listening sockets are read off /proc/net/tcp, others are not", () => {
  const text = [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    "   0: 0100007F:403B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1",
    "   1: 0100007F:1388 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4712 1",
  ].join("\n");
  expect(parseListeners(text)).toEqual([{ address: "0100007F", port: 0x403b, inode: "4711" }]);
});

test("at one address a port is taken by who has that address, or all of them, and by nobody else", () => {
  const at = (address: string) => isInTheWay({ address, port: 53, inode: "1" }, { port: 53, address: "10.215.0.1" });
  // The byte order of /proc/net: this address, all addresses of both families, and the loopback's.
  expect(["0100D70A", "00000000", "0".repeat(32), "3500007F"].map(at)).toEqual([true, true, true, false]);
  expect(isInTheWay({ address: "0100D70A", port: 54, inode: "1" }, { port: 53 })).toBe(false);
});

test("a port that another program has is taken, one that the state folder's own program has is not", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const code = "const s = require('net').createServer().listen(0, '127.0.0.1', () => console.log(s.address().port))";
  const own = spawn(process.execPath, ["-e", code], { env: { [MARKER]: "/nowhere/state/pids/registry" } });
  try {
    const [line] = (await once(own.stdout, "data")) as [Buffer];
    const ownPort = Number(line.toString());
    expect(portHolders([{ port }, { port: ownPort }]).get(ownPort)?.pid).toBe(own.pid);
    const ports = [port, ownPort].map((number) => ({ port: number, use: "the test" }));
    const options = { cacheDir: "/nowhere/cache", stateDir: "/nowhere/state", needGiB: { cache: 1, state: 2 }, ports };
    const facts = machineFacts(options);
    const taken = facts.takenPorts.filter(({ use }) => use === "the test");
    expect(taken).toEqual([{ port, use: "the test", holder: expect.stringContaining(`(pid ${process.pid})`) }]);
    expect(facts.disks).toEqual([{ folder: "/nowhere/cache", needGiB: 3, haveGiB: expect.any(Number) }]);
  } finally {
    own.kill();
    await new Promise((resolve) => server.close(resolve));
  }
  expect(portHolders([{ port }]).has(port)).toBe(false);
});

test("routes are read in the kernel's byte order, without the default one and the bridge's own", () => {
  const text = [
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask",
    "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000",
    "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF",
    "rwl0\t0000D70A\t00000000\t0001\t0\t0\t0\t00FFFFFF",
  ].join("\n");
  expect(parseRoutes(text, "rwl0")).toEqual(["192.0.2.0/24"]);
});

test("networks overlap when either contains the other", () => {
  expect(overlaps(["10.215.0.0/24"], ["10.0.0.0/8", "10.215.0.128/25", "192.168.0.0/16"])).toEqual([
    { range: "10.215.0.0/24", route: "10.0.0.0/8" },
    { range: "10.215.0.0/24", route: "10.215.0.128/25" },
  ]);
});
