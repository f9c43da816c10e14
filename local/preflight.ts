import { type FactsOptions, type MachineFacts, type TakenPort, machineFacts } from "./machineFacts.ts";

/** Why the embedded stack can't run on this machine, and what to do. */
export interface Problem {
  place: string;
  reason: string;
  remedy: string;
}

const ELSEWHERE = "use a stack on another cluster: README.md, On a cluster of your own";

/** containerd adds up to 9 characters to its socket's path, which may have 107 in all (sun_path in unix(7)). */
const LONGEST_STATE_DIR = 107 - "/cluster/containerd/containerd.sock.ttrpc".length;

/** All reasons at once why the embedded stack can't run on this machine; none when it can. Changes nothing. */
export function preflight(options: FactsOptions): Problem[] {
  return problemsOf(machineFacts(options));
}

/** The same for given facts. */
export function problemsOf(facts: MachineFacts): Problem[] {
  const os = facts.platform !== "linux" || facts.arch !== "x64" ? [systemProblem(facts)] : [];
  // Nothing else can be asked of another system, or answered by one who isn't root.
  if (facts.platform !== "linux") return os;
  if (facts.uid !== 0) return [...os, rootProblem(facts.uid)];
  return [
    ...os,
    ...facts.takenPorts.map(portProblem),
    ...facts.disks.filter((disk) => disk.haveGiB < disk.needGiB).map(diskProblem),
    ...(facts.missingPackages.length > 0 && !facts.hasApt ? [aptProblem(facts.missingPackages)] : []),
    ...(facts.missingControllers.length > 0 ? [cgroupProblem(facts.missingControllers)] : []),
    ...facts.foreignNodes.map(nodeProblem),
    ...facts.foreignStateDirs.map((dir) => stateProblem(dir)),
    ...facts.overlappingRoutes.map(routeProblem),
    ...(Buffer.byteLength(facts.stateDir) > LONGEST_STATE_DIR ? [pathProblem(facts.stateDir)] : []),
  ];
}

/** One problem as a line of the error. */
export function problemLine({ place, reason, remedy }: Problem): string {
  return `${place}: ${reason}; ${remedy}`;
}

function systemProblem({ platform, arch }: MachineFacts): Problem {
  return {
    place: "operating system",
    reason: `the embedded cluster needs Linux on x64, this is ${platform} on ${arch}`,
    remedy: `run it on such a machine, or ${ELSEWHERE} (kind, k3d, Docker Desktop, anything with a kubeconfig)`,
  };
}

function rootProblem(uid: number): Problem {
  return {
    place: "user",
    reason: `a kubelet needs root, this is user ${uid}`,
    remedy: `run it as root (sudo npm start), or ${ELSEWHERE} (kind, k3d, Docker Desktop, anything with a kubeconfig)`,
  };
}

function portProblem({ port, use, holder }: TakenPort): Problem {
  return {
    place: `port ${port}`,
    reason: `needed for ${use}, and ${holder ?? "another program"} listens on it`,
    remedy: `end that program, or ${ELSEWHERE}`,
  };
}

function diskProblem({ folder, needGiB, haveGiB }: MachineFacts["disks"][number]): Problem {
  return {
    place: folder,
    reason: `${needGiB} GiB are needed on its disk, ${haveGiB.toFixed(1)} GiB are free`,
    remedy: "make room, or name a folder on a larger disk by XDG_CACHE_HOME (caches) or XDG_STATE_HOME (state)",
  };
}

function aptProblem(packages: string[]): Problem {
  return {
    place: "apt-get",
    reason: `it isn't here to install what's missing: ${packages.join(" ")}`,
    remedy: `install these programs by hand, use Debian or Ubuntu, or ${ELSEWHERE}`,
  };
}

function cgroupProblem(controllers: string[]): Problem {
  return {
    place: "/sys/fs/cgroup",
    reason: `cgroup controllers are missing: ${controllers.join(" ")}`,
    remedy: `mount them (in a container: run it privileged, with the host's cgroups), or ${ELSEWHERE}`,
  };
}

function nodeProblem(process: string): Problem {
  return {
    place: process,
    reason: "this machine is a node of another Kubernetes, whose firewall rules would be overwritten",
    remedy: `stop it, or use it: README.md, On a cluster of your own`,
  };
}

function stateProblem(folder: string): Problem {
  return {
    place: folder,
    reason: "another embedded node runs, with its state there",
    remedy: "clean it up first (npm start -- --clean, with the same XDG_STATE_HOME)",
  };
}

function routeProblem({ range, route }: MachineFacts["overlappingRoutes"][number]): Problem {
  return {
    place: range,
    reason: `the cluster's addresses overlap with this machine's route to ${route}`,
    remedy: `leave that network, or ${ELSEWHERE}`,
  };
}

function pathProblem(stateDir: string): Problem {
  return {
    place: stateDir,
    reason: `sockets below it would have paths longer than Linux allows (at most ${LONGEST_STATE_DIR} bytes here)`,
    remedy: "name a shorter folder by XDG_STATE_HOME",
  };
}
