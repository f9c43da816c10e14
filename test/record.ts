import * as pulumi from "@pulumi/pulumi";

/** A resource that a program registered. */
export interface Registered {
  type: string;
  name: string;
  /** As the engine would get them, secrets in their wrappers. Empty for components. */
  inputs: Record<string, any>;
  component: boolean;
  /** It is somebody else's, and only read. */
  read: boolean;
  /** Parent, provider and the rest, as the resource's constructor got them or inherited them. */
  options: pulumi.CustomResourceOptions;
  /** Type and name of the parent; undefined right under the stack. */
  parent: { type: string; name: string } | undefined;
  /** Reference of the provider that it was registered with; empty for the package's default one. */
  provider: string;
  /** Its own or, as the engine has it, that of the nearest parent that has one. */
  deletedWith: pulumi.Resource | undefined;
  /** What it waits for by its options (its inputs apart), as `type name`. */
  dependsOn: string[];
}

export interface Recording {
  resources: Registered[];
  /** What the program returned, resolved. */
  outputs: any;
  /** The resources of one type. */
  of: (type: string) => Registered[];
  /** The one resource of a type, or of a type and name. */
  one: (type: string, name?: string) => Registered;
}

/** The mark under which the engine keeps a secret: in a registration, a value without it is a value in clear. */
const SECRET_MARK = "4dabf18193072939515e22adb298388d";

/**
 * Runs a program against recorded registrations, with the SDK's own mocks of the engine, and returns what it registered.
 * No provider runs: computed outputs are made up from type and name.
 */
export async function record(program: () => Promise<unknown>, { stack = "dev", config = {} as Record<string, unknown> } = {}): Promise<Recording> {
  const made = new Map<string, { inputs: Record<string, any>; provider: string }>();
  const seen: { resource: object; type: string; name: string; options: pulumi.CustomResourceOptions }[] = [];
  await pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs, id, provider }) => {
      made.set(`${type}::${name}`, { inputs, provider: provider ?? "" });
      return { id: id || `${name}-id`, state: computed(type, name, inputs, id) };
    },
    call: ({ inputs }) => inputs,
  }, "rewardlab", stack);
  pulumi.runtime.setAllConfig(Object.fromEntries(Object.entries(config).map(([key, value]) =>
    [`rewardlab:${key}`, typeof value === "string" ? value : JSON.stringify(value)])));

  // An error that left the stack's own promise would be reported a second time, as one that nobody handled.
  let thrown: unknown;
  const returned: unknown = await pulumi.runtime.runInPulumiStack(async () => {
    pulumi.runtime.registerStackTransformation(({ resource, type, name, props, opts }) => {
      seen.push({ resource, type, name, options: { ...opts } });
      return { props, opts };
    });
    return program().catch((error: unknown) => {
      thrown = error;
      return {};
    });
  });
  const outputs = await resolved(returned);
  await pulumi.runtime.disconnect();
  if (thrown !== undefined) throw thrown;

  const resources = seen.map(({ type, name, options }): Registered => {
    const registration = made.get(`${type}::${name}`);
    const parent = seen.find(({ resource }) => resource === options.parent);
    return {
      type, name, inputs: registration?.inputs ?? {}, provider: registration?.provider ?? "", component: isComponent(type), read: options.id !== undefined, options,
      dependsOn: [options.dependsOn ?? []].flat().map((resource) => called(seen.find((each) => each.resource === resource))),
      deletedWith: options.deletedWith ?? parent?.options.deletedWith, parent: parent && { type: parent.type, name: parent.name },
    };
  });
  const of = (type: string) => resources.filter((resource) => resource.type === type);
  const one = (type: string, name?: string) => {
    const found = of(type).filter((resource) => name === undefined || resource.name === name);
    if (found.length !== 1) throw new Error(`${found.length} resources of ${type} ${name ?? ""}, not one`);
    return found[0]!;
  };
  return { resources, outputs, of, one };
}

const called = (resource: { type: string; name: string } | undefined) => `${resource?.type} ${resource?.name}`;
export const isComponent = (type: string) => type.startsWith("rewardlab:");

/** Every secret value in a registration is taken out; what is left is what the engine would keep in clear. */
export function inClear(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inClear);
  if (typeof value !== "object" || value === null) return value;
  if (SECRET_MARK in value) return "(secret)";
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inClear(inner)]));
}

/** Reads through secret wrappers: what the pod would get. */
export function revealed(value: any): any {
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== "object" || value === null) return value;
  if (SECRET_MARK in value) return revealed(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revealed(inner)]));
}

async function resolved(value: unknown): Promise<unknown> {
  return new Promise((resolve) => pulumi.output(value as object).apply(resolve));
}

/** Outputs that only a provider knows. */
function computed(type: string, name: string, inputs: Record<string, any>, id: string | undefined): Record<string, any> {
  if (type === "pulumi:index:Stash") return { ...inputs, output: inputs["input"] };
  // What is read and not made: somebody else's.
  if (id) return { ...inputs, metadata: { name: id, uid: `uid-of-${id}` } };
  if (type === "docker:index/image:Image") {
    const repository = String(inputs["imageName"]).replace(/:[^:/]*$/, "");
    return { ...inputs, repoDigest: `${repository}@sha256:${Buffer.from(name).toString("hex").padEnd(64, "0").slice(0, 64)}` };
  }
  const metadata = inputs["metadata"];
  return metadata ? { ...inputs, metadata: { ...metadata, name: metadata.name ?? `${name}-0123abcd` } } : inputs;
}
