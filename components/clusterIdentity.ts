import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ConfigError, type Problem } from "./config/problem.ts";

export interface ClusterIdentityArgs {
  /** Names the cluster for good: with another one, the stack is meant to move. */
  identifier: string;
  stack: string;
  /** For the message of a refusal. */
  context?: string | undefined;
}

/**
 * Which cluster a stack is on, remembered in its state from the first update on. A kubeconfig is edited, and a context
 * renamed or recreated, without anyone thinking of a stack; its next update would then make everything anew in the wrong
 * cluster, and lose sight of what the right one still has.
 *
 * It asks by a provider that nothing else uses: the engine puts a provider's new address into the state at once, and a
 * later destruction, which runs no program, would go there.
 *
 * A cluster is known by the UID of its namespace kube-system, which lasts exactly as long as the cluster.
 */
export class ClusterIdentity extends pulumi.ComponentResource {
  /** UID of the cluster that the provider speaks to. */
  readonly uid: pulumi.Output<string>;
  readonly #known: pulumi.Output<string>;
  readonly #args: ClusterIdentityArgs;

  constructor(name: string, args: ClusterIdentityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("rewardlab:cluster:Identity", name, {}, opts);
    this.uid = k8s.core.v1.Namespace.get(`${name}-kube-system`, "kube-system", { parent: this }).metadata.uid;
    // Keeps what it was first given, whatever it is given later, until the identifier says that another cluster is meant.
    const first = new pulumi.Stash(`${name}-uid`, { input: this.uid }, { parent: this, replacementTrigger: args.identifier });
    this.#known = pulumi.output(first.output).apply(String);
    this.#args = args;
    this.registerOutputs({ uid: this.uid });
  }

  /**
   * Waits until the cluster has been asked, and returns itself. Nothing that is to be created may be registered before.
   *
   * @throws ConfigError if the stack is on another cluster
   */
  async check(): Promise<this> {
    const [found, known] = await settled(pulumi.all([this.uid, this.#known]));
    const problem = identityProblem({ ...this.#args, found, known });
    if (problem) throw new ConfigError([problem]);
    return this;
  }
}

/** What is wrong, if the cluster that was found is not the one that is known. Pure. */
export function identityProblem({ identifier, stack, context, found, known }: ClusterIdentityArgs & { found: string; known: string }): Problem | undefined {
  if (found === known) return undefined;
  return {
    file: `Pulumi.${stack}.yaml`, path: "cluster.context",
    what: `${context === undefined ? "the kubeconfig's current context" : `"${context}"`} is another cluster (its kube-system has the UID ${found}) than the one that this stack is on (${known})`,
    write: `Set cluster.kubeconfig and cluster.context to the stack's own cluster. If that is gone for good, or everything is to move: rewardlab down --stack ${stack} `
      + `while it can be reached, then give cluster.identifier another name than ${identifier}`,
  };
}

/** The value of an output that a preview knows, too. An apply alone would never end where the cluster could not be asked. */
const settled = <T>(output: pulumi.Output<T>): Promise<T> => (output as unknown as { promise: () => Promise<T> }).promise();
