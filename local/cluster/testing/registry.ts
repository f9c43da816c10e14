import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type Server, createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../command.ts";
import { pauseProgram } from "../pauseImage.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

/** A registry over plain HTTP on the loopback that has one image: the read side of the OCI distribution API. */
export interface OneImageRegistry {
  /** `127.0.0.1:port`. */
  address: string;
  /** The image by digest. */
  reference: string;
  requests: string[];
  close: () => Promise<void>;
}

export async function oneImageRegistry(): Promise<OneImageRegistry> {
  const blobs = new Map<string, Buffer>();
  const add = (content: Buffer) => {
    const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    blobs.set(digest, content);
    return { digest, size: content.length };
  };
  const layer = await layerWithProgram();
  const diff = `sha256:${createHash("sha256").update(layer).digest("hex")}`;
  const platform = { architecture: "amd64", os: "linux" };
  const rootfs = { type: "layers", diff_ids: [diff] };
  const config = { ...platform, config: { Entrypoint: ["/program"] }, rootfs };
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...add(Buffer.from(JSON.stringify(config))) },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", ...add(layer) }],
  };
  const { digest } = add(Buffer.from(JSON.stringify(manifest)));
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const content = blobs.get(request.url!.replace(/\?.*/, "").split("/").at(-1)!);
    if (!content) return void response.writeHead(request.url === "/v2/" ? 200 : 404).end();
    const type = request.url!.includes("/manifests/") ? MANIFEST : "application/octet-stream";
    response.writeHead(200, { "Content-Type": type, "Content-Length": content.length });
    response.end(request.method === "HEAD" ? undefined : content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    address: `127.0.0.1:${port}`,
    reference: `127.0.0.1:${port}/one/image@${digest}`,
    requests,
    close: () => new Promise((resolve) => void server.close(() => resolve()).closeAllConnections()),
  };
}

async function layerWithProgram(): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "one-image-"));
  try {
    writeFileSync(join(folder, "program"), pauseProgram(), { mode: 0o755 });
    await run("tar", ["-C", folder, "-cf", join(folder, "layer.tar"), "program"]);
    return readFileSync(join(folder, "layer.tar"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
