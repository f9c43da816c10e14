import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dumpYaml, loadYaml, NetworkingV1Api, type V1ConfigMap, type V1Job } from "@kubernetes/client-node";
import { type Access, openAccess } from "../../collect/access.ts";
import { ENV_SECRET, LABEL, namespaceOf, pairName, type Part, PORTS, TASK_APP, trainerName, vllmName } from "../../components/names.ts";
import { folders } from "../../components/settings.ts";
import type { RunSpec } from "../../images/runner/src/runSpec.ts";
import { layout } from "../../local/cluster/layout.ts";
import { defaultSettings } from "../../local/cluster/settings.ts";
import { readRecord } from "../../local/daemon/pidFile.ts";
import { CliProcess, type Ended } from "../cliProcess.ts";
import { containerProcess } from "../containerProcess.ts";
import { LAST } from "./moment.ts";
import { SmallDisk } from "./smallDisk.ts";
import { until } from "./until.ts";
import { type Service, Wire } from "./wire.ts";

/** The run that the stack itself makes: the runs of the cells are copies of its objects. */
export const TEMPLATE = "template";
const SIZES = { iterations: LAST, batchSize: 2, groupSize: 4, maxTurns: 8, evaluationSeeds: 3 };
/** Five cells that play at once, their bystander, and one to spare. */
const RUNS_BESIDE = 7;
const DISK_MIB = 384;

/** The embedded stack with one pair, whose adapter folder is a small disk, and a wire between its services and the cells' runs. */
export class FaultStack {
  readonly cli = new CliProcess(process.env);
  readonly layout = layout(folders());
  readonly wire: Wire;
  readonly namespace = namespaceOf("local");
  /** Of all further runs; the template's own at first. */
  seed: number | undefined;
  #disk: SmallDisk | undefined;
  #template: { job: V1Job; configMap: V1ConfigMap } | undefined;

  constructor() {
    this.wire = new Wire((service) => this.addressOf(service));
  }

  get access(): Access {
    return openAccess(this.layout.kubeconfig, this.namespace);
  }

  get disk(): SmallDisk {
    return this.#disk!;
  }

  /** Brings it up, as a user does, with one run. */
  async up(): Promise<void> {
    await this.wire.start();
    this.#writeStackFile();
    await this.cli.run("start", "--clean");
    const up = this.cli.run("up");
    const mounted = this.#mountDisk();
    // Where the start fails, that is the fault to be told.
    mounted.catch(() => undefined);
    const { status, stderr } = await up;
    if (status !== 0) throw new Error(`up ended with ${status}:\n${stderr.slice(-4000)}`);
    await mounted;
    if (!readFileSync(`/proc/${await this.processOf("trainer")}/mountinfo`, "utf8").match(/ \/adapters .* tmpfs /)) throw new Error("the trainer's adapters are not on the small disk");
    const { items: [job] } = await this.access.batch.listNamespacedJob({ namespace: this.namespace, labelSelector: `${LABEL.run}=${TEMPLATE}` });
    const { items: [configMap] } = await this.access.core.listNamespacedConfigMap({ namespace: this.namespace, labelSelector: `${LABEL.run}=${TEMPLATE}` });
    this.#template = { job: job!, configMap: configMap! };
    await this.#letThroughToTheWire();
  }

  /** Removes everything, whatever state it is in. */
  async clean(): Promise<Ended> {
    this.wire.stop();
    const ended = await this.cli.run("start", "--clean");
    this.cli.remove();
    return ended;
  }

  /** Makes a run: the program's own objects under another name, with a spec that is changed in what the test needs. */
  async makeRun(name: string, change: (spec: RunSpec) => RunSpec): Promise<void> {
    const { job, configMap } = structuredClone(this.#template!);
    const spec = change({ ...(JSON.parse(configMap.data!["run.json"]!) as RunSpec), name, ...(this.seed !== undefined && { seed: this.seed }) });
    const { namespace } = this;
    const metadata = (of: V1Job | V1ConfigMap) => ({ name, namespace, labels: { ...of.metadata!.labels, [LABEL.run]: name }, annotations: of.metadata!.annotations ?? {} });
    const { access } = this;
    await access.core.createNamespacedConfigMap({ namespace, body: { metadata: metadata(configMap), data: { "run.json": JSON.stringify(spec) } } });
    const { selector: _, template, ...rest } = job.spec!;
    const own = Object.entries(template.metadata!.labels!).filter(([key]) => !/controller-uid|job-name/.test(key));
    const volumes = template.spec!.volumes!.map((volume) => (volume.name === "spec" ? { ...volume, configMap: { name } } : volume));
    await access.batch.createNamespacedJob({ namespace, body: {
      metadata: metadata(job),
      spec: { ...rest, template: { metadata: { labels: { ...Object.fromEntries(own), [LABEL.run]: name } }, spec: { ...template.spec!, volumes } } },
    } });
  }

  /** Takes a run's Job away with its pods; nothing happens where there is none. */
  async removeRun(name: string): Promise<void> {
    await this.access.batch.deleteNamespacedJob({ namespace: this.namespace, name, propagationPolicy: "Foreground" }).catch((error: { code?: number }) => {
      if (error.code !== 404) throw error;
    });
  }

  /** A run's addresses on the wire. */
  endpoints(run: string): Record<Service, string> {
    return this.wire.endpoints(defaultSettings.nodeAddress, run);
  }

  /** Where a service is, for this machine. */
  async addressOf(service: Service): Promise<string> {
    const name = { taskApp: TASK_APP, vllm: vllmName(pairName(0)), trainer: trainerName(pairName(0)) }[service];
    const { spec } = await (this.#services[name] ??= this.access.core.readNamespacedService({ namespace: this.namespace, name }));
    return `http://${spec!.clusterIP}:${PORTS[service]}`;
  }
  readonly #services: Record<string, ReturnType<Access["core"]["readNamespacedService"]>> = {};

  /** Value of a key in the stack's Secret. */
  async secret(key: string): Promise<string> {
    const { data } = await this.access.core.readNamespacedSecret({ namespace: this.namespace, name: ENV_SECRET });
    return Buffer.from(data![key]!, "base64").toString();
  }

  /** Pid of the main process of a part's container, as this machine has it. */
  async processOf(part: Part, run?: string): Promise<number> {
    const labelSelector = `${LABEL.part}=${part}${run === undefined ? "" : `,${LABEL.run}=${run}`}`;
    const { items } = await this.access.core.listNamespacedPod({ namespace: this.namespace, labelSelector });
    const running = items.flatMap(({ status }) => status?.containerStatuses ?? []).filter(({ state }) => state?.running);
    if (running.length !== 1) throw new Error(`${running.length} containers of ${run ?? part} run`);
    return containerProcess(running[0]!.containerID!);
  }

  #writeStackFile(): void {
    this.cli.copyProject();
    const config = join("configs", `${TEMPLATE}.toml`);
    writeFileSync(this.cli.inProject(config), readFileSync(this.cli.inProject("configs", "crafter_rl_stepwise_shaped.toml"), "utf8"));
    const file = this.cli.inProject("Pulumi.local.yaml");
    const stack = loadYaml<{ config: Record<string, any> }>(readFileSync(file, "utf8"));
    stack.config["rewardlab:experiments"] = [{ config }];
    Object.assign(stack.config["rewardlab:run"], SIZES);
    writeFileSync(file, dumpYaml(stack));
    // Slots are counted for the stack's own runs; the cells' come beside them.
    this.cli.spoil("components/packing.ts", "runs * VERSIONS_PER_RUN", `(runs + ${RUNS_BESIDE}) * VERSIONS_PER_RUN`);
  }

  /** The stack's network lets runs and task app to their services alone, and the wire is none. */
  async #letThroughToTheWire(): Promise<void> {
    const { namespace } = this;
    const to = [{ ipBlock: { cidr: `${defaultSettings.nodeAddress}/32` } }];
    await this.access.config.makeApiClient(NetworkingV1Api).createNamespacedNetworkPolicy({ namespace, body: {
      metadata: { name: "wire", namespace },
      spec: {
        podSelector: { matchExpressions: [{ key: LABEL.part, operator: "In", values: ["run", "task-app"] }] },
        policyTypes: ["Egress"],
        egress: [{ to, ports: [{ protocol: "TCP", port: this.wire.port }] }],
      },
    } });
  }

  /** After the node is up and before it has a pod: a pod sees what was mounted when it began. */
  async #mountDisk(): Promise<void> {
    const hostRoot = join(folders().stateDir, "node");
    await until("the node's folder", () => existsSync(join(hostRoot, "cluster")) || undefined, 1800);
    this.#disk = new SmallDisk(join(hostRoot, this.namespace, pairName(0)), readRecord(this.layout.pidDir, "containerd")!.pid);
    await this.#disk.mount(DISK_MIB);
  }
}
