import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

/** An image that exists, or a folder of images/ that is built on a base and pushed. */
export type ContainerImageSource = { reference: string } | { base: string; buildArgs: Readonly<Record<string, string>> };

export interface ContainerImageArgs {
  source: ContainerImageSource;
  /** Folder under images/; also the image's name in the registry. */
  folder: string;
  /** Registry and path, without a trailing slash. */
  registry: string;
  /** Tag of what is pushed. Nothing refers to it: pods take the digest. */
  tag: string;
  platform: string;
  builder: docker.BuilderVersion;
  /** Network of the build's RUN steps. */
  network: string;
}

/** The engine that images are built with; undefined if none is built, so that a stack of references needs no engine. */
export function imageBuilder(name: string, host: string | undefined, sources: readonly ContainerImageSource[]): docker.Provider | undefined {
  return sources.some((source) => "base" in source) ? new docker.Provider(name, host ? { host } : {}) : undefined;
}

/**
 * An image, as pods refer to it. The one place that knows how images are built: @pulumi/docker's Image, which talks to a
 * Docker engine and pushes, since a kubelet can't pull what only an engine has.
 *
 * The folder is given relative to the project, so that a second clone of it is no other image.
 */
export class ContainerImage extends pulumi.ComponentResource {
  /** repository@sha256:... as the registry reported it, or the reference that was given. */
  readonly reference: pulumi.Output<string>;

  constructor(name: string, args: ContainerImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("rewardlab:images:ContainerImage", name, {}, opts);
    this.reference = "reference" in args.source ? pulumi.output(args.source.reference) : this.build(name, args, args.source).repoDigest;
    this.registerOutputs({ reference: this.reference });
  }

  private build(name: string, args: ContainerImageArgs, { base, buildArgs }: Extract<ContainerImageSource, { base: string }>): docker.Image {
    return new docker.Image(`${name}-image`, {
      imageName: `${args.registry}/${args.folder}:${args.tag}`,
      build: {
        context: `images/${args.folder}`,
        dockerfile: `images/${args.folder}/Dockerfile`,
        args: { BASE_IMAGE: base, ...buildArgs },
        platform: args.platform,
        builderVersion: args.builder,
        network: args.network,
      },
    }, { parent: this });
  }
}
