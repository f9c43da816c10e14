import { LABEL } from "../../components/names.ts";
import { isTable, type Rule, UNKNOWN } from "../planned.ts";
import { type Container, containersOf, type Pod, podsOf } from "../pods.ts";

/** Volumes that the pod-security level "restricted" admits (kubernetes.io/docs/concepts/security/pod-security-standards). */
const VOLUMES = ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];

/**
 * The one exception: server and trainer of a pair share folders of their node, for adapters and for the model, and one
 * short container gives those folders to the pod's user.
 */
const PAIR = { parts: ["vllm", "trainer"], folders: ["adapters", "model", "model-cache"], container: "give-folders", command: "chown" };

/** The one part that speaks to the API server, with rights of its own. */
const SPEAKER = "pair-controller";

export const restricted: Rule = {
  name: "restricted-security-context",
  description: `Pods meet the "restricted" pod-security level with a read-only root, but for the folders that a pair has on its node.`,
  remedy: "Use restrictedPod and restrictedContainer of components/pod/security.ts, and an emptyDir or a claim for what is written.",
  check: (object) => podsOf(object).flatMap((pod) => [
    ...hostProblems(pod), ...volumeProblems(pod), ...containersOf(pod).flatMap((container) => containerProblems(container, pod)),
  ]),
};

const isPair = ({ metadata }: Pod) => PAIR.parts.includes(metadata["labels"]?.[LABEL.part]);

function hostProblems({ place, spec, metadata }: Pod): string[] {
  const shared = ["hostNetwork", "hostPID", "hostIPC"].filter((name) => spec[name] === true).map((name) => `${place}.${name} is true`);
  const speaks = metadata["labels"]?.[LABEL.part] === SPEAKER && spec["serviceAccountName"] === SPEAKER;
  return speaks || spec["automountServiceAccountToken"] === false || spec["automountServiceAccountToken"] === UNKNOWN
    ? shared : [...shared, `${place}.automountServiceAccountToken is not false: the pod could speak to the API server`];
}

function volumeProblems(pod: Pod): string[] {
  const volumes: unknown = pod.spec["volumes"] ?? [];
  if (!Array.isArray(volumes)) return [];
  return volumes.filter(isTable).flatMap((volume) => Object.keys(volume).filter((kind) => kind !== "name" && !VOLUMES.includes(kind))
    .filter((kind) => !(kind === "hostPath" && isPair(pod) && PAIR.folders.includes(volume["name"])))
    .map((kind) => `${pod.place}.volumes: ${String(volume["name"])} is a ${kind}`));
}

function containerProblems({ place, init, container }: Container, pod: Pod): string[] {
  const own: unknown = container["securityContext"] ?? {};
  const shared: unknown = pod.spec["securityContext"] ?? {};
  if (!isTable(own) || !isTable(shared)) return [];
  const wrong: string[] = [];
  const want = (is: unknown, ok: (value: any) => boolean, what: string) => {
    if (is !== UNKNOWN && !ok(is)) wrong.push(`${place}: ${what}`);
  };
  const capabilities = isTable(own["capabilities"]) ? own["capabilities"] : {};
  const givesFolders = init && isPair(pod) && container["name"] === PAIR.container && container["command"]?.[0] === PAIR.command;
  if (!givesFolders) {
    want(own["runAsNonRoot"] ?? shared["runAsNonRoot"], (value) => value === true, "may run as root (runAsNonRoot)");
    want(own["runAsUser"] ?? shared["runAsUser"], (value) => value !== 0, "runs as root (runAsUser)");
  }
  want(own["privileged"], (value) => value !== true, "is privileged");
  want(own["allowPrivilegeEscalation"], (value) => value === false, "may gain privileges (allowPrivilegeEscalation)");
  want(own["readOnlyRootFilesystem"], (value) => value === true, "may write its root file system (readOnlyRootFilesystem)");
  want(capabilities["drop"], (value) => Array.isArray(value) && value.includes("ALL"), "keeps capabilities (capabilities.drop)");
  const allowed = givesFolders ? ["CHOWN", "NET_BIND_SERVICE"] : ["NET_BIND_SERVICE"];
  want(capabilities["add"] ?? [], (value: unknown[]) => value.every((each) => allowed.includes(String(each))), "adds capabilities");
  want((own["seccompProfile"] ?? shared["seccompProfile"])?.type, (value) => ["RuntimeDefault", "Localhost"].includes(value), "has no seccomp profile");
  return wrong;
}
