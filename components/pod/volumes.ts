import { USER_ENV } from "./env.ts";
import { ownerChangingContainer, USER_ID } from "./security.ts";
import type { Container, Volume, VolumeMount } from "./types.ts";

/** A volume and its place in the pod's main container. */
export interface Mounted {
  volume: Volume;
  mount: VolumeMount;
}

/** An empty folder that is gone with the pod. */
export function emptyFolder(name: string, mountPath: string): Mounted {
  return { volume: { name, emptyDir: {} }, mount: { name, mountPath } };
}

/** What programs write to while they run: /tmp and the home folder. */
export const scratch = (): Mounted[] => [emptyFolder("tmp", "/tmp"), emptyFolder("home", USER_ENV.HOME)];

/** Shared memory for torch's processes: a container's own is 64 MiB. It counts as the pod's memory. */
export function sharedMemory(sizeLimit: string): Mounted {
  return { volume: { name: "shm", emptyDir: { medium: "Memory", sizeLimit } }, mount: { name: "shm", mountPath: "/dev/shm" } };
}

/** A folder of the node that must be there. */
export function nodeFolder(name: string, path: string, mountPath: string): Mounted {
  return { volume: { name, hostPath: { path, type: "Directory" } }, mount: { name, mountPath, readOnly: true } };
}

/** A folder of the node that is made when it is not there: root's, until `giveFolders` has run. */
export function sharedNodeFolder(name: string, path: string, mountPath: string, readOnly: boolean): Mounted {
  return { volume: { name, hostPath: { path, type: "DirectoryOrCreate" } }, mount: { name, mountPath, readOnly } };
}

/** A volume that a claim stands for. The kubelet gives it to the pod's group (fsGroup). */
export function claimFolder(name: string, claimName: string, mountPath: string, readOnly: boolean): Mounted {
  return { volume: { name, persistentVolumeClaim: { claimName } }, mount: { name, mountPath, readOnly } };
}

/** Is it a folder of the node, which the kubelet makes as root's? */
export const isNodeFolder = ({ volume }: Mounted): boolean => "hostPath" in volume;

/**
 * The init container that gives mounted folders to the pod's user. It owns up to being root, with nothing but the right
 * to change an owner; it changes the folders themselves, not what is in them.
 */
export function giveFolders(image: Container["image"], folders: readonly Mounted[]): Container {
  const mounts = folders.map(({ mount }) => ({ ...mount, readOnly: false }));
  return {
    name: "give-folders",
    image,
    command: ["chown", `${USER_ID}:${USER_ID}`, ...mounts.map(({ mountPath }) => String(mountPath))],
    volumeMounts: mounts,
    resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "64Mi" } },
    ...ownerChangingContainer(),
  };
}
