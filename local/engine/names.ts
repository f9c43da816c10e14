/** `urn:pulumi:stack::project::parent$kubernetes:apps/v1:Deployment::task-app` as `Deployment task-app`. */
export function describeUrn(urn: string): string {
  const [, , types = "", name = ""] = urn.split("::");
  const type = types.split("$").at(-1)!.split(":").at(-1)!.split("/").at(-1)!;
  return `${type} ${name}`;
}
