import { serve } from "../protocol/server.ts";
import { KubernetesProvider } from "./provider.ts";
import { readInstalledVersion } from "../installedVersion.ts";

await serve(process.argv.slice(2), (log) => new KubernetesProvider(readInstalledVersion("@pulumi/kubernetes"), log));
