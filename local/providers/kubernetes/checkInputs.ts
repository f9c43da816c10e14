import { containsUnknown, plain } from "../protocol/propertyValues.ts";
import type { CheckFailure, CheckRequest } from "../protocol/provider.ts";
import { isPatch, UNSUPPORTED } from "./annotations.ts";
import { autoname } from "./autoname.ts";
import { annotation, apiVersionOf, kindOf, type Manifest, nameOf, namespaceOf, withMetadata } from "./manifest.ts";
import { normalize } from "./normalize.ts";
import { parseTypeToken } from "./typeToken.ts";

/** What `checkInputs` asks of the cluster: whether a kind lives in namespaces; undefined when it can't tell. */
export type Scope = (apiVersion: string, kind: string) => Promise<boolean | undefined>;

/**
 * The inputs as they will be recorded and applied: normalised, with a name and, for a kind that lives in one, a
 * namespace. A kind that the cluster doesn't know is taken to live in one.
 */
export async function checkInputs(
  request: CheckRequest,
  defaultNamespace: string,
  scope: Scope,
): Promise<{ inputs: Manifest; failures: CheckFailure[] }> {
  const news = normalize(plain(request.news));
  const patch = isPatch(request.type, news);
  const failures = problems(news, request.type, patch);
  if (failures.length > 0) return { inputs: news, failures };
  const olds = request.olds && normalize(plain(request.olds));
  const named = patch ? news : autoname(news, olds, request);
  if (namespaceOf(named) || (await scope(apiVersionOf(named), kindOf(named))) === false) return { inputs: named, failures };
  return { inputs: withMetadata(named, { namespace: defaultNamespace }), failures };
}

function problems(news: Manifest, type: string, patch: boolean): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const expected = parseTypeToken(type, patch);
  if (apiVersionOf(news) !== expected.apiVersion || kindOf(news) !== expected.kind) {
    failures.push({
      property: "kind",
      reason: `${type} is ${expected.apiVersion} ${expected.kind}, not ${apiVersionOf(news)} ${kindOf(news)}`,
    });
  }
  if (kindOf(news).endsWith("List") && Array.isArray(news.items)) {
    failures.push({ property: "items", reason: "a list can't be a resource: register its items" });
  }
  if (patch && !nameOf(news) && !containsUnknown(news.metadata)) {
    failures.push({ property: "metadata.name", reason: "a patch needs the name of the object that it patches" });
  }
  for (const key of UNSUPPORTED) {
    if (annotation(news, key) === undefined) continue;
    failures.push({
      property: `metadata.annotations["${key}"]`,
      reason: "this stand-in provider doesn't know it; leave it out or install the official Kubernetes provider",
    });
  }
  return failures;
}
