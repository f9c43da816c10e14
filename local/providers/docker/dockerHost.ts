import type { RequestOptions } from "node:http";

const DEFAULT = "unix:///var/run/docker.sock";

/** Where the Docker engine listens, from `DOCKER_HOST`'s syntax. Throws for what can't be dialled directly. */
export function parseDockerHost(host: string | undefined): Pick<RequestOptions, "socketPath" | "host" | "port"> {
  const address = host || DEFAULT;
  const socket = /^unix:\/\/(.+)$/.exec(address);
  if (socket) return { socketPath: socket[1]! };
  const tcp = /^(?:tcp|http):\/\/([^:/]+|\[[^\]]+\]):(\d+)\/?$/.exec(address);
  if (tcp) return { host: tcp[1]!.replace(/^\[|\]$/g, ""), port: Number(tcp[2]) };
  throw new Error(
    `the Docker host "${address}" isn't one that this stand-in provider can reach: give unix:///path or ` +
      "tcp://host:port, or install the official provider: pulumi plugin install resource docker",
  );
}
