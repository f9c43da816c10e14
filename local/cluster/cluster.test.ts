import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { run } from "../command.ts";
import type { Toolchain } from "../toolchain/toolchain.ts";
import { containerdConfig, criStatus, registryHosts } from "./containerd.ts";
import { kwokctlConfig } from "./controlPlane.ts";
import { corefile, dnsObjects } from "./dns.ts";
import { gpuPatch } from "./gpu.ts";
import type { HostPrograms } from "./hostPrograms.ts";
import { namedImages, parseImages, unusedImages } from "./images.ts";
import { mountsBelow } from "./inventory.ts";
import { kubeconfig } from "./kubeconfig.ts";
import { kubeProxyConfig } from "./kubeProxy.ts";
import { kubeletConfig } from "./kubelet.ts";
import { layout } from "./layout.ts";
import { cniConfig, ownRules } from "./network.ts";
import { ownResults } from "./leftovers.ts";
import { nodeLacks } from "./node.ts";
import { pauseProgram } from "./pauseImage.ts";
import { isEnforcing, policyControllerArgs } from "./policyController.ts";
import { defaultSettings } from "./settings.ts";

const settings = defaultSettings;
const places = layout({ cacheDir: "/cache", stateDir: "/state" });
const programs: HostPrograms = {
  containerd: "/usr/bin/containerd",
  ctr: "/usr/bin/ctr",
  runc: "/usr/sbin/runc",
  iptables: "/usr/sbin/iptables",
  ipset: "/usr/sbin/ipset",
  ip: "/usr/sbin/ip",
  unshare: "/usr/bin/unshare",
  nsenter: "/usr/bin/nsenter",
  tar: "/usr/bin/tar",
  cniPlugins: "/usr/lib/cni",
};
const folder = mkdtempSync(join(tmpdir(), "cluster-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("every file of the node is below the state folder, the image store alone in the cache", () => {
  const paths = JSON.stringify(places).match(/"\/[^"]*"/g)!.map((path) => JSON.parse(path) as string);
  expect(paths.filter((path) => !path.startsWith("/state/cluster"))).toEqual(["/cache/containerd"]);
});

test("ports are all different and in the node's own range, but for that of names, which is everybody's", () => {
  const { dns, ...own } = settings.ports;
  const ports = Object.values(own);
  expect(dns).toBe(53);
  expect(new Set(ports).size).toBe(ports.length);
  expect(ports.filter((port) => port < 16400 || port > 16499)).toEqual([]);
});

test("containerd keeps out of the machine's own folders and clamps scores that it may not set", () => {
  const text = containerdConfig(places, programs);
  expect(text).not.toMatch(/"\/(opt|run|var|etc)\//);
  expect(text).toContain("restrict_oom_score_adj = true");
  expect(text).toContain('root = "/cache/containerd"');
  expect(text).toContain("SystemdCgroup = false");
});

test("the loopback registry is asked over plain HTTP", () => {
  expect(registryHosts("127.0.0.1:5000")).toContain('[host."http://127.0.0.1:5000"]');
});

test("containerd is ready when its CRI plugin is ok, and says what it is otherwise", () => {
  const line = (status: string) => `TYPE ID PLATFORMS STATUS\nio.containerd.grpc.v1    cri   linux/amd64   ${status}\n`;
  expect(criStatus(line("ok"))).toBe(true);
  expect(criStatus(line("error"))).toMatch(/status error/);
  expect(criStatus("")).toMatch(/absent/);
});

test("the control plane listens on the loopback alone and doesn't set what kwokctl has under another way", () => {
  const toolchain = {
    versions: { kubernetes: "1.35.4", etcd: "3.6.14", kwok: "0.8.0", coredns: "1", pulumi: "3", "kube-router": "2" },
    binaries: { kubeApiserver: "/bin/kube-apiserver" },
  } as unknown as Toolchain;
  const config = kwokctlConfig(settings, places, toolchain) as {
    options: Record<string, unknown>;
    componentsPatches: { name: string; extraArgs: { key: string; value: string; override?: boolean }[] }[];
  };
  expect(config.options).toMatchObject({ bindAddress: "127.0.0.1", kubeAuthorization: true, kubeApiserverPort: 16443, kubeApiserverCertSANs: ["10.216.0.1"] });
  const all = config.componentsPatches.flatMap(({ extraArgs }) => extraArgs);
  const overridden = all.filter((argument) => argument.override);
  expect(overridden.map(({ key }) => key)).toEqual(["manage-all-nodes"]);
  // Where nobody would take over, a lost lease must end nobody.
  const alone = config.componentsPatches.filter(({ extraArgs }) => extraArgs.some(({ key, value }) => key === "leader-elect" && value === "false"));
  expect(alone.map(({ name }) => name)).toEqual(["kube-controller-manager", "kube-scheduler"]);
});

test("the kubelet takes no anonymous request and leaves pods below a cgroup of ours", () => {
  const config = kubeletConfig(settings, places);
  expect(config).toMatchObject({
    authentication: { anonymous: { enabled: false } },
    authorization: { mode: "Webhook" },
    readOnlyPort: 0,
    cgroupRoot: "/rewardlab/node",
    clusterDNS: [settings.dnsAddress],
  });
});

test("kube-proxy changes no kernel setting", () => {
  expect(kubeProxyConfig(settings, places)).toMatchObject({
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    iptables: { localhostNodePorts: false },
  });
});

test("the policy controller routes nothing, serves nothing, and works for this node", () => {
  const args = policyControllerArgs(settings, places).join(" ");
  expect(args).toMatch(/--run-firewall=true.*--run-router=false.*--run-service-proxy=false/);
  expect(args).toMatch(/--health-port=0.*--metrics-port=0/);
  expect(args).toContain(`--service-cluster-ip-range=${settings.serviceRange}`);
});

test("policies are enforced once forwarded packets meet the controller's chain before the node's own rules, and it ends in what they accept", () => {
  const jump = "-A FORWARD -m comment --comment \"kube-router netpol\" -j KUBE-ROUTER-FORWARD";
  const ours = "-A FORWARD -i rwl0 -m comment --comment rewardlab -j ACCEPT";
  const accept = "-A KUBE-ROUTER-FORWARD -m comment --comment x -m mark --mark 0x20000/0x20000 -j ACCEPT";
  const proxy = "-A FORWARD -m comment --comment \"kubernetes forwarding rules\" -j KUBE-FORWARD";
  expect(isEnforcing([jump, ours, accept].join("\n"))).toBe(true);
  expect(isEnforcing([proxy, jump, ours, accept].join("\n"))).toBe(true);
  expect(isEnforcing([proxy, ours, accept].join("\n"))).toMatch(/does not come before/);
  expect(isEnforcing([ours, jump, accept].join("\n"))).toMatch(/does not come before/);
  expect(isEnforcing([jump, ours].join("\n"))).toMatch(/first pass/);
});

test("pods' gateway is the node's address, on our bridge", () => {
  expect(cniConfig(settings, places)).toMatchObject({
    plugins: [{ bridge: "rwl0", ipam: { ranges: [[{ gateway: settings.nodeAddress }]] } }, { type: "portmap" }],
  });
  expect(ownRules(settings).every(({ match }) => match.join(" ").includes("--comment rewardlab"))).toBe(true);
});

test("CoreDNS forwards other names only where the machine has a name server", () => {
  expect(corefile(settings, places, "nameserver 192.0.2.53\n")).toContain("forward . /etc/resolv.conf");
  expect(corefile(settings, places, "# nameserver 192.0.2.53\nsearch example.org\n")).not.toContain("forward");
});

test("the DNS service leads to the host process on both protocols", () => {
  const { items } = dnsObjects(settings) as { items: Record<string, unknown>[] };
  const ports = [{ protocol: "UDP" }, { protocol: "TCP" }];
  expect(items[0]).toMatchObject({ spec: { clusterIP: settings.dnsAddress, ports } });
  expect(items[1]).toMatchObject({
    metadata: { labels: { "kubernetes.io/service-name": "kube-dns" } },
    endpoints: [{ addresses: [settings.nodeAddress] }],
  });
});

test("the kubeconfig holds the certificates themselves", () => {
  const config = kubeconfig(settings, { ca: "A", certificate: "B", key: "C" });
  const data = { "client-certificate-data": "Qg==", "client-key-data": "Qw==" };
  expect(config).toMatchObject({
    "current-context": settings.context,
    clusters: [{ cluster: { server: "https://127.0.0.1:16443", "certificate-authority-data": "QQ==" } }],
    users: [{ user: data }],
  });
});

test("the GPU patch names the resource as a JSON pointer", () => {
  expect(gpuPatch(2)).toContainEqual({ op: "add", path: "/status/allocatable/nvidia.com~1gpu", value: "2" });
});

test("a node lacks readiness, then GPUs, then nothing", () => {
  const ready = [{ type: "Ready", status: "True" }];
  expect(nodeLacks({ status: { conditions: [{ type: "Ready", status: "False", message: "no CNI" }] } }, 2)).toMatch(/no CNI/);
  expect(nodeLacks({ status: { conditions: ready, allocatable: { "nvidia.com/gpu": "0" } } }, 2)).toMatch(/offers 0/);
  const status = { conditions: ready, allocatable: { "nvidia.com/gpu": "2" } };
  expect(nodeLacks({ status }, 2)).toBe("");
  expect(nodeLacks({ status, spec: { taints: [{ key: "nvidia.com/gpu", effect: "NoSchedule" }] } }, 2)).toBe("");
  expect(nodeLacks({ status, spec: { taints: [{ key: "node.kubernetes.io/not-ready", effect: "NoExecute" }] } }, 2)).toMatch(/not-ready:NoExecute/);
});

test("the pause program runs until it's killed", async () => {
  const path = join(folder, "pause");
  writeFileSync(path, pauseProgram(), { mode: 0o755 });
  // 124: the time was up; 137 would be a death by SIGKILL, 139 a fault.
  await expect(run("timeout", ["0.3", path])).rejects.toThrow("status 124");
});

test("an image with a kept name stays under all its names; the pause image always does", () => {
  const table = [
    "REF TYPE DIGEST SIZE PLATFORMS LABELS",
    "127.0.0.1:5000/task-app@sha256:aa type sha256:aa 1.0 MiB linux/amd64 -",
    "sha256:config-of-aa type sha256:aa 1.0 MiB linux/amd64 -",
    "127.0.0.1:5000/task-app@sha256:bb type sha256:bb 1.0 MiB linux/amd64 -",
    "rewardlab.local/pause:1 type sha256:cc 1.0 MiB linux/amd64 -",
  ].join("\n");
  const images = parseImages(table);
  const kept = "127.0.0.1:5000/task-app@sha256:aa";
  expect(images[0]).toEqual({ digest: "sha256:aa", names: [kept, "sha256:config-of-aa"] });
  expect(unusedImages(images, [kept]).map(({ digest }) => digest)).toEqual(["sha256:bb"]);
});

test("an image is named by a pod, by its init container, and by the template of a Job whose pod isn't there yet", () => {
  const spec = (...images: string[]) => ({ containers: images.map((image) => ({ name: "c", image })) });
  const list = { kind: "List", items: [
    { kind: "Pod", spec: { ...spec("a", "b"), initContainers: [{ name: "i", image: "c" }] } },
    { kind: "Job", spec: { backoffLimit: 1, template: { spec: spec("d") } } },
    { kind: "Deployment", spec: { replicas: 0, template: { spec: spec("a") } } },
  ] };
  expect(namedImages(JSON.stringify(list))).toEqual(["c", "a", "b", "d"]);
});

test("mounts below a folder are found, also with a space in the path, and those beside it aren't", () => {
  const info = [
    "30 1 0:1 / /state/cluster/a\\040b rw - tmpfs tmpfs rw",
    "31 1 0:1 / /state/clusters rw - tmpfs tmpfs rw",
    "32 1 0:1 / /state/cluster rw - tmpfs tmpfs rw",
  ].join("\n");
  expect(mountsBelow(info, ["/state/cluster"])).toEqual(["/state/cluster/a b", "/state/cluster"]);
});

test("of what the CNI library remembers, our sandboxes' networks are ours with their loopbacks, and in a folder that was not there before every loopback", () => {
  const names = ["rewardlab-a1-eth0", "cni-loopback-a1-lo", "cni-loopback-b2-lo", "calico-b2-eth0"];
  expect(ownResults(names, false)).toEqual(["rewardlab-a1-eth0", "cni-loopback-a1-lo"]);
  expect(ownResults(names, true)).toEqual(["rewardlab-a1-eth0", "cni-loopback-a1-lo", "cni-loopback-b2-lo"]);
});
