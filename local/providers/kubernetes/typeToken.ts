/** What a resource's type says: `kubernetes:apps/v1:Deployment`, `kubernetes:core/v1:NodePatch`. */
export interface ResourceType {
  apiVersion: string;
  kind: string;
}

/** The API version and kind of a type token; a `…Patch` type is reported as the kind that it patches. */
export function parseTypeToken(token: string, isPatch: boolean): ResourceType {
  const [, group, name] = token.split(":");
  if (!group || !name) throw new Error(`${token} is no Kubernetes resource type`);
  const kind = isPatch ? name.replace(/Patch$/, "") : name;
  return { apiVersion: group.replace(/^core\//, ""), kind };
}
