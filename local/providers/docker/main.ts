import { readInstalledVersion } from "../installedVersion.ts";
import { serve } from "../protocol/server.ts";
import { DockerProvider } from "./provider.ts";

const version = readInstalledVersion("@pulumi/docker");
await serve(process.argv.slice(2), (log) => new DockerProvider(version, log, process.env.DOCKER_HOST));
