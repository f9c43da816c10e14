import { join } from "node:path";

/** Where the image services keep their files: layers and blobs in the cache, everything of a running service in the state. */
export interface ImagesLayout {
  docker: { config: string; key: string; dataRoot: string; execRoot: string; socket: string; pidFile: string };
  registry: { storage: string; config: string };
  /** What is known of the base images that were pushed. */
  record: string;
  /** Root trees while they are made. */
  work: string;
  pidDir: string;
  logDir: string;
}

export function imagesLayout({ cacheDir, stateDir }: { cacheDir: string; stateDir: string }): ImagesLayout {
  const cache = join(cacheDir, "images");
  const state = join(stateDir, "images");
  return {
    docker: {
      config: join(state, "dockerd.json"),
      key: join(state, "docker-key.json"),
      dataRoot: join(cache, "docker"),
      execRoot: join(state, "docker"),
      socket: join(state, "docker.sock"),
      pidFile: join(state, "docker.pid"),
    },
    registry: { storage: join(cache, "registry"), config: join(state, "registry.json") },
    record: join(cache, "bases.json"),
    work: join(cache, "work"),
    pidDir: join(state, "pids"),
    logDir: join(state, "logs"),
  };
}
