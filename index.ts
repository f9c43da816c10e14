import * as pulumi from "@pulumi/pulumi";
import { ClusterIdentity } from "./components/clusterIdentity.ts";
import { clusterProvider } from "./components/clusterProvider.ts";
import { summariseNotices } from "./components/config/notices.ts";
import { ContainerImage, imageBuilder } from "./components/containerImage.ts";
import { EnvSecret } from "./components/envSecret.ts";
import { GpuNodePool } from "./components/gpuNodePool.ts";
import { GpuPreflight } from "./components/gpuPreflight.ts";
import { LoraTrainer } from "./components/loraTrainer.ts";
import { LOCAL_QUEUE, PAIR_CONTROLLER, trainerName, vllmName } from "./components/names.ts";
import { nextCommands } from "./components/nextCommands.ts";
import { poolOf } from "./components/nodePool/pool.ts";
import { PairClaims } from "./components/pairClaims.ts";
import { PairController } from "./components/pairController.ts";
import { podSecurityLevel } from "./components/pod/storage.ts";
import { ResultsStore } from "./components/resultsStore.ts";
import { RewardJob } from "./components/rewardJob.ts";
import { RunBudget } from "./components/runBudget.ts";
import { loadSettings, readProgram } from "./components/settings.ts";
import type { StackOverlay } from "./components/settings/schema.ts";
import { planStack } from "./components/stackPlan.ts";
import { StackNamespace } from "./components/stackNamespace.ts";
import { StackNetwork } from "./components/stackNetwork.ts";
import { TaskApp } from "./components/taskApp.ts";
import { VllmServer } from "./components/vllmServer.ts";

/**
 * The whole system: what exists, and what is on what. Pulumi calls it for `pulumi up`; the command line calls it through
 * the Automation API, with an overlay of what only it knows (the embedded cluster's addresses).
 */
export default async function program(overlay: StackOverlay = {}) {
  const stack = pulumi.getStack();
  const settings = loadSettings(overlay);
  const plan = planStack(settings, stack);
  for (const notice of summariseNotices(plan.notices)) await pulumi.log.info(notice);

  const { uid: clusterUid } = await new ClusterIdentity("identity", { stack, ...settings.cluster }, { provider: clusterProvider("look", settings.cluster) }).check();
  const provider = clusterProvider("cluster", settings.cluster);
  const { namespace, name: namespaceName } = new StackNamespace("stack", { stack, gpus: settings.gpu.nodeCount * settings.gpu.gpusPerNode, quote: plan.quote, podSecurity: podSecurityLevel(settings) }, { provider });
  // What is in the namespace goes with it: a teardown deletes the namespace and waits for that. What runs leave is in another one, and stays (docs/results.md).
  const inNamespace = { provider, deletedWith: namespace };
  const secret = new EnvSecret("env", { stack, namespace: namespaceName, secrets: plan.secrets }, inNamespace);
  const network = new StackNetwork("network", { stack, namespace: namespaceName, model: settings.model, keys: secret.keys, specs: plan.runs.map(({ spec }) => spec), apiPorts: settings.cluster.apiPorts }, inNamespace);
  const nodes = new GpuNodePool("gpus", { stack, life: { deadlineMinutes: plan.quote.deadline.runMinutes, readyWithinMinutes: plan.quote.startMinutes, waves: plan.quote.waves }, ...settings.gpu }, { provider });
  new RunBudget("budget", { stack, namespace: namespaceName, deadline: plan.quote.deadline }, inNamespace);
  const { images, results, trainer: { device } } = settings;
  const builder = imageBuilder("docker", images.dockerHost, [images.taskApp, images.runner, images.trainer, images.vllm, images.pairController, ...(images.store ? [images.store] : [])]);
  const image = (folder: string, source: typeof images.taskApp) => new ContainerImage(folder, { ...images, folder, source, tag: stack }, { provider: builder }).reference;
  const common = { stack, namespace: namespaceName, secret: secret.name, keys: secret.keys, pool: poolOf(stack, settings.gpu, settings.queue && LOCAL_QUEUE), device, model: settings.model, hostRoot: settings.hostRoot, adapters: settings.adapters };
  const taskApp = new TaskApp("task-app", { ...common, ...settings.taskApp, image: image("task-app", images.taskApp) }, { ...inNamespace, dependsOn: [network, secret] });
  const [vllmImage, trainerImage, runnerImage] = [image("vllm", images.vllm), image("trainer", images.trainer), image("runner", images.runner)];
  const controller = new PairController(PAIR_CONTROLLER, { ...common, image: image("pair-controller", images.pairController), pairs: plan.pairs, nodeCount: settings.gpu.nodeCount,
    clusterQueue: settings.queue?.kueue.clusterQueue, startMinutes: plan.quote.startMinutes }, { ...inNamespace, dependsOn: [network] });
  const preflight = device === "cuda" ? [new GpuPreflight("preflight", { stack, namespace: namespaceName, program: readProgram("images/preflight/preflight.py") }, inNamespace)] : [];
  const keeping = results?.kind !== "claim" ? [] : [new ResultsStore("results", { stack, ...results, image: image("store", images.store!), pool: common.pool, key: plan.secrets.RESULTS_API_KEY! },
    { provider: clusterProvider("kept", { ...settings.cluster, adopts: true }) })];
  const pairs = plan.pairs.map(({ name: pair, slots, waits }) => {
    const claims = new PairClaims(pair, { stack, namespace: namespaceName, pair, deviceClass: common.pool.deviceClass, adapters: settings.adapters, modelCache: settings.model.cache }, inNamespace);
    const onGpus = { ...inNamespace, dependsOn: [nodes, network, secret, claims, controller, ...preflight] };
    return {
      pair,
      vllm: new VllmServer(vllmName(pair), { ...common, ...settings.vllm, image: vllmImage, pair, waits, slots }, onGpus),
      trainer: new LoraTrainer(trainerName(pair), { ...common, ...settings.trainer, image: trainerImage, pair, waits }, onGpus),
    };
  });
  const jobs = plan.runs.map(({ pair, spec }) => {
    const { vllm, trainer } = pairs.find((each) => each.pair === pair)!;
    return [spec.name, new RewardJob(spec.name, { ...common, ...settings.runner, image: runnerImage, pair, spec, deadlineMinutes: plan.quote.deadline.runMinutes },
      { ...inNamespace, dependsOn: [network, secret, taskApp, vllm, trainer, ...keeping] }).jobName] as const;
  });

  return {
    namespace: namespaceName, clusterUid, taskAppUrl: taskApp.url,
    pairs: Object.fromEntries(pairs.map(({ pair, vllm, trainer }) => [pair, { vllmUrl: vllm.url, trainerUrl: trainer.url }])),
    jobs: Object.fromEntries(jobs), quote: plan.quote,
    next: nextCommands(stack, plan.runs.map(({ spec }) => spec.name), results !== undefined),
  };
}
