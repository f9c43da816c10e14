import { relative } from "node:path";
import type { PropertyMap } from "../protocol/propertyValues.ts";
import { contextArchive } from "./contextArchive.ts";
import type { DockerEngine, RegistryLogin } from "./dockerEngine.ts";
import { parseImageInputs, type ImageInputs } from "./imageInputs.ts";
import { parseImageName, withDigest } from "./imageName.ts";

export interface BuildReport {
  /** What is going on now. */
  status(line: string): void;
}

/**
 * Builds an image and, unless it's told not to, pushes it. The outputs are the official provider's: `repoDigest` is what
 * the registry reported, or the local image's id when nothing was pushed.
 */
export async function buildImage(engine: DockerEngine, given: PropertyMap, push: boolean, report: BuildReport): Promise<PropertyMap> {
  const inputs = parseImageInputs(given);
  const { imageName, build } = inputs;
  if (build.builderVersion !== "BuilderV1") {
    throw new Error(
      `${imageName} asks for ${build.builderVersion}; this stand-in provider has the classic builder alone. Set ` +
        "build.builderVersion to BuilderV1, or install the official provider: pulumi plugin install resource docker",
    );
  }
  const dockerfile = relative(build.context, build.dockerfile!);
  const id = await engine.build(
    contextArchive(build.context, build.dockerfile!),
    {
      tag: imageName,
      dockerfile,
      platform: build.platform,
      target: build.target,
      network: build.network,
      args: build.args,
      cacheFrom: build.cacheFrom?.images ?? [],
      extraHosts: build.addHosts,
    },
    (line) => report.status(line),
  );
  const outputs: PropertyMap = {
    baseImageName: imageName,
    imageName,
    registryServer: inputs.registry?.server ?? "",
    context: build.context,
    dockerfile,
    platform: build.platform ?? "",
    repoDigest: id,
  };
  if (!push || inputs.skipPush) return outputs;
  const name = parseImageName(imageName)!;
  report.status(`pushing to ${name.registry}`);
  const digest = await engine.push(name.repository, name.tag, loginOf(inputs, name.registry), (line) => report.status(line));
  return { ...outputs, repoDigest: withDigest(name, digest) };
}

function loginOf({ registry }: ImageInputs, server: string): RegistryLogin | undefined {
  if (registry?.username === undefined || registry.password === undefined) return undefined;
  return { server: registry.server ?? server, username: registry.username, password: registry.password };
}
