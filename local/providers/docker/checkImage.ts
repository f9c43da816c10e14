import { existsSync, statSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { containsUnknown, isMap, isSecret, isUnknown, plain, type PropertyMap, type PropertyValue, secret } from "../protocol/propertyValues.ts";
import type { CheckFailure } from "../protocol/provider.ts";
import { contextDigest } from "./contextDigest.ts";
import { parseImageName } from "./imageName.ts";
import { parseImageInputs } from "./imageInputs.ts";

/** Docker's names for the machine's architecture. */
const ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = { x64: "amd64", arm64: "arm64" };

/**
 * The inputs with defaults and with the digest of the build context, so that a changed file shows as a change of the image.
 * What isn't known yet is left alone. Relative paths are taken from the working directory.
 */
export function checkImage(news: PropertyMap): { inputs: PropertyMap; failures: CheckFailure[] } {
  const inputs = withoutNulls(plain(news));
  const failures: CheckFailure[] = [];
  if (!containsUnknown(inputs)) {
    try {
      parseImageInputs(inputs);
    } catch (error) {
      return { inputs: news, failures: [{ property: "build", reason: (error as Error).message }] };
    }
  }
  const { imageName, skipPush } = inputs;
  if (typeof imageName === "string" && !isUnknown(imageName) && skipPush !== true && !parseImageName(imageName)) {
    failures.push({
      property: "imageName",
      reason: `"${imageName}" doesn't say which registry it goes to: put its address in front, as in docker.io/name:tag`,
    });
  }
  if (isUnknown(inputs.build)) return { inputs: withDefaults(news, {}), failures };
  const given = isMap(inputs.build) ? inputs.build : {};
  const build: PropertyMap = {};
  if (given.platform === undefined) build.platform = `linux/${ARCHITECTURES[process.arch] ?? process.arch}`;
  if (!isUnknown(given.context) && !isUnknown(given.dockerfile)) {
    const context = typeof given.context === "string" ? given.context : ".";
    const dockerfile = typeof given.dockerfile === "string" ? given.dockerfile : join(context, "Dockerfile");
    const failure = placeFailure(context, dockerfile);
    if (failure) failures.push(failure);
    else Object.assign(build, { context, dockerfile, contextDigest: contextDigest(context, dockerfile) });
  }
  return { inputs: withDefaults(news, build), failures };
}

function placeFailure(context: string, dockerfile: string): CheckFailure | undefined {
  if (!existsSync(context) || !statSync(context).isDirectory()) {
    return { property: "build.context", reason: `there's no folder ${context} in ${process.cwd()}` };
  }
  if (!existsSync(dockerfile)) {
    const inContext = join(context, dockerfile);
    const hint = !isAbsolute(dockerfile) && existsSync(inContext) ? `; did you mean ${inContext}?` : "";
    return { property: "build.dockerfile", reason: `there's no file ${dockerfile} in ${process.cwd()}${hint}` };
  }
  if (relative(context, dockerfile).startsWith("..")) {
    return { property: "build.dockerfile", reason: `${dockerfile} must lie in the build context ${context}` };
  }
  return undefined;
}

/** Adds to the inputs as they were given, so that secret and unknown values in them stay what they are. */
function withDefaults(news: PropertyMap, build: PropertyMap): PropertyMap {
  const inputs = { ...withoutNulls(news), buildOnPreview: news.buildOnPreview ?? false, build: merged(news.build, build) };
  return isMap(news.registry) && !isSecret(news.registry) ? { ...inputs, registry: withSecretPassword(news.registry) } : inputs;
}

/** A password is secret in the state even when the program forgot to say so. */
function withSecretPassword(registry: PropertyMap): PropertyMap {
  const given = withoutNulls(registry);
  return given.password === undefined ? given : { ...given, password: secret(given.password) };
}

function merged(given: PropertyValue | undefined, build: PropertyMap): PropertyValue {
  if (isUnknown(given)) return given!;
  if (isSecret(given)) return secret(merged(plain(given), build));
  return { ...(isMap(given) ? withoutNulls(given) : {}), ...build };
}

function withoutNulls(map: PropertyMap): PropertyMap {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== null));
}
