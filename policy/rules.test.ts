import { describe, expect, it } from "vitest";
import { UNKNOWN, type Planned } from "./planned.ts";
import { violationsOf } from "./rules.ts";
import { changed, configMap, containerOf, deployment, namespace, podOf, secret, service } from "./testObjects.ts";

const brokenBy = (...objects: Planned[]) => [...new Set(violationsOf(objects).map(({ rule }) => rule))];
const said = (...objects: Planned[]) => violationsOf(objects).map(({ what }) => what).join("; ");
const withContainer = (change: Record<string, unknown>, base = deployment()) => changed(base, (copy) => void Object.assign(containerOf(copy), change));
const withPod = (change: Record<string, unknown>, base = deployment()) => changed(base, (copy) => void Object.assign(podOf(copy), change));

it("no rule has anything against objects as they should be", () => {
  expect(violationsOf([namespace(), deployment("vllm", 1), deployment("trainer", 1), deployment(), service(), configMap({ a: "b" }), secret({ API_KEY: "x" })])).toEqual([]);
});

it("a violation names the object, the rule, the place and the remedy", () => {
  expect(violationsOf([withContainer({ image: "name:latest" })])).toEqual([{
    type: "kubernetes:apps/v1:Deployment", name: "task-app-deployment", rule: "images-by-digest",
    what: "spec.template.spec.containers[0] has the image name:latest, which is whatever is latest", remedy: expect.stringContaining("name@sha256:"),
  }]);
});

describe("GPUs", () => {
  const resources = (requests: unknown, limits: unknown) => withContainer({
    resources: { requests: { cpu: "1", memory: "1Gi", "nvidia.com/gpu": requests }, limits: { memory: "1Gi", "nvidia.com/gpu": limits } },
  });

  it.each([["1", "2"], ["1", undefined], [undefined, "1"], ["0.5", "0.5"], ["0", "0"]])("requested as %s and limited to %s are refused", (requests, limits) => {
    expect(brokenBy(namespace(), resources(requests, limits))).toEqual(["gpu-requests-are-limits"]);
  });

  it("as a number and as a text are the same", () => expect(brokenBy(namespace(), resources(1, "1"))).toEqual([]));

  it("of all pods together fit the pool, replicas counted", () => {
    expect(brokenBy(namespace(2), deployment("vllm", 1), deployment("trainer", 1))).toEqual([]);
    expect(said(namespace(2), deployment("vllm", 1), deployment("trainer", 2))).toContain("2 objects that ask for 3 GPUs together; the pool has 2");
    const three = changed(deployment("vllm", 1), (copy) => void (copy.props["spec"].replicas = 3));
    expect(brokenBy(namespace(2), three)).toEqual(["gpus-fit-the-pool"]);
    const none = changed(deployment("vllm", 3), (copy) => void (copy.props["spec"].replicas = 0));
    expect(brokenBy(namespace(2), none)).toEqual([]);
  });

  it("of pods that wait for their turn are not asked for yet, those behind another gate are", () => {
    const waiting = (gate: string) => withPod({ schedulingGates: [{ name: gate }] }, deployment("vllm", 9));
    expect(brokenBy(namespace(2), deployment("vllm", 1), deployment("trainer", 1), waiting("rewardlab.dev/turn"))).toEqual([]);
    expect(brokenBy(namespace(2), waiting("example.com/other"))).toEqual(["gpus-fit-the-pool"]);
  });

  it("without a pool that says its size are refused", () => expect(brokenBy(deployment("vllm", 1))).toEqual(["gpus-fit-the-pool"]));
});

describe("images", () => {
  it.each(["name", "name:latest", "registry:5000/name", "name:v1", "name@sha256:abc", undefined, "name:latest@sha256"])("%s is refused", (image) => {
    expect(brokenBy(withContainer({ image }))).toEqual(["images-by-digest"]);
  });
  it("are looked at in containers that run before the others, too", () => {
    const init = { ...containerOf(deployment()), image: "name:v1" };
    expect(said(withPod({ initContainers: [init] }))).toContain("spec.template.spec.initContainers[0] has the image name:v1");
  });
  it("that are not built yet, in a preview, are no violation", () => expect(brokenBy(withContainer({ image: UNKNOWN }))).toEqual([]));
  it("of pods deep in a custom resource are looked at", () => {
    const { props } = withContainer({ image: "name:latest" });
    const set = { type: "kubernetes:jobset.x-k8s.io/v1alpha2:JobSet", name: "set", props: { metadata: props["metadata"], spec: { replicatedJobs: [{ template: props }] } } };
    expect(said(set)).toContain("spec.replicatedJobs[0].template.spec.template.spec.containers[0] has the image name:latest");
  });
});

describe("secrets", () => {
  const fill = (length: number) => "a1B2".repeat(length).slice(0, length);
  it.each([
    ["an OpenAI key", `sk-${fill(32)}`], ["a Groq key", `gsk_${fill(40)}`], ["a Hugging Face token", `hf_${fill(34)}`], ["a GitHub token", `ghp_${fill(36)}`],
    ["a cloud key", `AKIA${"A2".repeat(8)}`], ["a private key", "-----BEGIN RSA PRIVATE KEY-----\nx"], ["a JWT", `eyJ${fill(20)}.eyJ${fill(20)}.${fill(20)}`],
    ["a bearer header", `Authorization: Bearer ${fill(24)}`], ["an address with a password", `postgres://user:${fill(8)}@db/x`],
  ])("%s in a ConfigMap, an annotation or an argument is refused", (_what, value) => {
    expect(brokenBy(configMap({ "run.json": JSON.stringify({ a: value }) }))).toEqual(["no-secret-literals"]);
    expect(brokenBy(withContainer({ args: ["--x", value] }))).toEqual(["no-secret-literals"]);
    expect(brokenBy(changed(service(), (copy) => void (copy.props["metadata"].annotations = { note: value })))).toEqual(["no-secret-literals"]);
  });

  it.each(["API_KEY", "OPENAI_API_KEY", "HF_TOKEN", "DB_PASSWORD", "CLIENT_SECRET", "accessToken"])("the variable %s with a value in clear is refused, and its value not repeated", (name) => {
    const object = withContainer({ env: [{ name, value: "hunter-two" }] });
    expect(brokenBy(object)).toEqual(["no-secret-literals"]);
    expect(said(object)).toContain(`(${name})`);
    expect(said(object)).not.toContain("hunter-two");
  });

  it("are at home in a Secret's values, but not in its metadata", () => {
    expect(brokenBy(secret({ TOKEN: `hf_${fill(34)}` }))).toEqual([]);
    expect(brokenBy(changed(secret({}), (copy) => void (copy.props["metadata"].annotations = { token: `hf_${fill(34)}` })))).toEqual(["no-secret-literals"]);
  });

  it("in the build arguments of an image are refused", () => {
    const image = { type: "docker:index/image:Image", name: "image", props: { build: { args: { NPM_TOKEN: "plain" } } } };
    expect(brokenBy(image)).toEqual(["no-secret-literals"]);
  });

  it.each([["MAX_TOKENS", "80"], ["TOKENIZER", "words"], ["MONKEY", "x"], ["KEYS", "wasd"]])("%s is a common setting", (name, value) => {
    expect(brokenBy(withContainer({ env: [{ name, value }] }))).toEqual([]);
  });
});

describe("requests", () => {
  it.each([
    ["none", undefined], ["no cores", { requests: { memory: "1Gi" }, limits: { memory: "1Gi" } }], ["no memory", { requests: { cpu: "1" }, limits: { memory: "1Gi" } }],
    ["no limit", { requests: { cpu: "1", memory: "1Gi" } }],
  ])("%s are refused", (_what, resources) => expect(brokenBy(withContainer({ resources }))).toEqual(["requests-on-every-container"]));
  it("that are not known yet are no violation", () => expect(brokenBy(withContainer({ resources: UNKNOWN }))).toEqual([]));
});

describe("a way in from outside", () => {
  it.each(["LoadBalancer", "NodePort"])("as a Service of type %s is refused", (type) => {
    expect(brokenBy(changed(service(), (copy) => void (copy.props["spec"].type = type)))).toEqual(["no-way-in-from-outside"]);
  });
  it("as external addresses or an Ingress is refused", () => {
    expect(brokenBy(changed(service(), (copy) => void (copy.props["spec"].externalIPs = ["192.0.2.1"])))).toEqual(["no-way-in-from-outside"]);
    expect(brokenBy({ ...service(), type: "kubernetes:networking.k8s.io/v1:Ingress" })).toEqual(["no-way-in-from-outside"]);
  });
});

describe("the security context", () => {
  const secure = containerOf(deployment())["securityContext"] as Record<string, unknown>;
  it.each<[string, Record<string, unknown>]>([
    ["root", { runAsUser: 0 }], ["perhaps root", { runAsNonRoot: false }], ["privileged", { privileged: true }], ["escalation", { allowPrivilegeEscalation: true }],
    ["escalation by default", { allowPrivilegeEscalation: undefined }], ["a writable root", { readOnlyRootFilesystem: false }], ["kept capabilities", { capabilities: {} }],
    ["added capabilities", { capabilities: { drop: ["ALL"], add: ["SYS_ADMIN"] } }], ["no seccomp", { seccompProfile: { type: "Unconfined" } }],
  ])("of a container with %s is refused", (_what, change) => {
    expect(brokenBy(withContainer({ securityContext: { ...secure, ...change } }))).toEqual(["restricted-security-context"]);
  });
  it.each<[string, Record<string, unknown>]>([
    ["host network", { hostNetwork: true }], ["host processes", { hostPID: true }], ["an API token", { automountServiceAccountToken: undefined }],
    ["a folder of the node", { volumes: [{ name: "adapters", hostPath: { path: "/" } }] }], ["no security context", { securityContext: undefined }],
  ])("of a pod with %s is refused", (_what, change) => expect(brokenBy(withPod(change))).toEqual(["restricted-security-context"]));

  it("lets the pair controller alone have a token, by its own account", () => {
    const token = { automountServiceAccountToken: true, serviceAccountName: "pair-controller" };
    expect(brokenBy(withPod(token, deployment("pair-controller")))).toEqual([]);
    for (const impostor of [withPod(token), withPod({ ...token, serviceAccountName: "default" }, deployment("pair-controller"))]) expect(brokenBy(impostor)).toEqual(["restricted-security-context"]);
  });

  const chown = {
    ...containerOf(deployment()), name: "give-folders", command: ["chown", "1000:1000", "/adapters"],
    securityContext: { ...secure, runAsNonRoot: false, runAsUser: 0, capabilities: { drop: ["ALL"], add: ["CHOWN"] } },
  };
  const folders = [{ name: "adapters", hostPath: { path: "/srv" } }];
  it("lets a pair share a folder of its node, and give it to its user", () => {
    expect(brokenBy(withPod({ volumes: folders, initContainers: [chown] }, deployment("trainer")))).toEqual([]);
  });
  it("lets nobody else do so, nor the pair anything more", () => {
    expect(brokenBy(withPod({ volumes: folders, initContainers: [chown] }))).toEqual(["restricted-security-context"]);
    expect(brokenBy(withPod({ volumes: [{ name: "etc", hostPath: { path: "/etc" } }] }, deployment("trainer")))).toEqual(["restricted-security-context"]);
    expect(brokenBy(withPod({ initContainers: [{ ...chown, command: ["sh"] }] }, deployment("trainer")))).toEqual(["restricted-security-context"]);
    expect(brokenBy(withPod({ containers: [chown] }, deployment("trainer")))).toEqual(["restricted-security-context"]);
  });
});

describe("the level that the namespace enforces", () => {
  const enforcing = (level: string) => changed(namespace(), (copy) => void (copy.props["metadata"].labels["pod-security.kubernetes.io/enforce"] = level));
  const onNode = changed(deployment("trainer"), (copy) => void (copy.props["spec"].template.spec.volumes = [{ name: "adapters", hostPath: { path: "/srv" } }]));
  it("is restricted, unless a pair has folders of its node, and then it is privileged", () => {
    expect(brokenBy(enforcing("restricted"), deployment("trainer"))).toEqual([]);
    expect(brokenBy(enforcing("privileged"), onNode)).toEqual([]);
    expect(brokenBy(enforcing("privileged"), deployment("trainer"))).toEqual(["namespace-enforces-its-pods-level"]);
    expect(brokenBy(enforcing("restricted"), onNode)).toEqual(["namespace-enforces-its-pods-level"]);
  });
  it("is that of the pods that are in it: another namespace of the stack has one of its own", () => {
    const named = (level: string, name: string) => changed(enforcing(level), (copy) => void (copy.props["metadata"].name = name));
    const [stack, results] = [named("privileged", "rewardlab-dev"), named("restricted", "results-rewardlab-dev")];
    const at = (namespace: unknown) => changed(onNode, (copy) => void (copy.props["metadata"].namespace = namespace));
    expect(brokenBy(stack, results, at("rewardlab-dev"))).toEqual([]);
    expect(brokenBy(stack, results, at(UNKNOWN))).toEqual([]);
    expect(brokenBy(stack, results, at("results-rewardlab-dev"))).toEqual(["namespace-enforces-its-pods-level"]);
  });
});

describe("labels", () => {
  it.each(["app.kubernetes.io/managed-by", "rewardlab.dev/stack"])("%s is missed on an object and on a pod", (label) => {
    expect(brokenBy(changed(service(), (copy) => void delete copy.props["metadata"].labels[label]))).toEqual(["owner-and-stack-labels"]);
    const pod = changed(deployment(), (copy) => void (copy.props["spec"].template.metadata = { labels: { "rewardlab.dev/part": "task-app" } }));
    expect(said(pod)).toContain("spec.template.metadata.labels lacks");
  });
  it("of a patched node hold one of the stack's own", () => {
    const patch = (labels: Record<string, string>) => ({ type: "kubernetes:core/v1:NodePatch", name: "node", props: { metadata: { name: "a", labels } } });
    expect(brokenBy(patch({ "stack.rewardlab.dev/dev": "true" }))).toEqual([]);
    expect(brokenBy(patch({ pool: "gpu" }))).toEqual(["owner-and-stack-labels"]);
  });
  it("are asked of cluster objects alone", () => expect(brokenBy({ type: "pulumi:providers:kubernetes", name: "cluster", props: {} })).toEqual([]));
});
