/** The parts of Pulumi's exported deployment (version 3) that are read or changed here. */
export interface Deployment {
  resources?: ResourceState[];
  pending_operations?: { type: string; resource: ResourceState }[];
}

export interface ResourceState {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  delete?: boolean;
  pendingReplacement?: boolean;
}

/**
 * A state without pending operations, after a run that was cut off. A Kubernetes object whose creation was under way is
 * put into the state, for a refresh to find out whether it's there: otherwise the next run would try to create it again
 * and fail, as it exists. Everything else was either in the state all along, or made nothing that could be in the way.
 *
 * Returns the URNs to refresh.
 */
export function settlePending(deployment: Deployment): { deployment: Deployment; refresh: string[] } {
  const created = (deployment.pending_operations ?? [])
    .filter(({ type }) => type === "creating")
    .map(({ resource }) => ({ ...resource, id: objectId(resource) }))
    .filter(({ type, id }) => type.startsWith("kubernetes:") && id !== undefined);
  const urns = new Set(created.map(({ urn }) => urn));
  const kept = (deployment.resources ?? [])
    .filter((resource) => !(resource.pendingReplacement && urns.has(resource.urn)))
    // The object that the new one takes the place of: still there, to be deleted by the next run.
    .map((resource) => (urns.has(resource.urn) ? { ...resource, delete: true } : resource));
  const { pending_operations: _, ...rest } = deployment;
  return { deployment: { ...rest, resources: [...kept, ...created] }, refresh: [...urns] };
}

/** The Kubernetes provider's id of an object, from the inputs that it has checked: `namespace/name` or `name`. */
function objectId({ inputs }: ResourceState): string | undefined {
  const metadata = inputs?.metadata as { name?: unknown; namespace?: unknown } | undefined;
  if (typeof metadata?.name !== "string") return undefined;
  return typeof metadata.namespace === "string" ? `${metadata.namespace}/${metadata.name}` : metadata.name;
}
