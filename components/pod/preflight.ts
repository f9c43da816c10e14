import type { GpuPool } from "../nodePool/gpu.ts";
import { PREFLIGHT } from "../names.ts";
import { plainEnv, USER_ENV } from "./env.ts";
import { restrictedContainer } from "./security.ts";
import type { Container } from "./types.ts";
import type { Mounted } from "./volumes.ts";

const FOLDER = "/preflight";

/** The program's file, from the stack's ConfigMap. */
const program: Mounted = {
  volume: { name: "preflight", configMap: { name: PREFLIGHT.name } }, mount: { name: "preflight", mountPath: FOLDER, readOnly: true },
};

/**
 * The first container of a pod with a GPU: looks at it, in the pod's own image and with the pod's own GPU (the kubelet gives a
 * device of an init container on to those after it), and ends with 78 and a message where it will not do. Its requests are
 * the main container's, so the pod asks for no more than without it.
 */
export function gpuPreflight({ image, resources, pool }: { image: Container["image"]; resources: Container["resources"]; pool: GpuPool }, scratch: readonly Mounted[]): {
  container: Container; volume: Mounted["volume"];
} {
  const { products, teraflops } = pool.preflight;
  return {
    volume: program.volume,
    container: {
      name: "preflight",
      image,
      command: ["python3", `${FOLDER}/${PREFLIGHT.file}`],
      args: ["--count=1", ...products.map((product) => `--product=${product}`), `--teraflops=${teraflops}`],
      env: plainEnv(USER_ENV),
      resources,
      volumeMounts: [...scratch.map(({ mount }) => mount), program.mount],
      terminationMessagePolicy: "FallbackToLogsOnError",
      ...restrictedContainer(),
    },
  };
}
