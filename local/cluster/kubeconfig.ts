import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Layout } from "./layout.ts";
import type { ClusterSettings } from "./settings.ts";

/** A kubeconfig that needs no other file; JSON, which every reader of YAML accepts. Inputs are PEM texts. */
export function kubeconfig(settings: ClusterSettings, pem: { ca: string; certificate: string; key: string }): object {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const name = settings.context;
  const server = `https://127.0.0.1:${settings.ports.apiServer}`;
  const user = { "client-certificate-data": base64(pem.certificate), "client-key-data": base64(pem.key) };
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server, "certificate-authority-data": base64(pem.ca) } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
}

/** Writes the kubeconfig from the certificates that kwokctl made; for its owner's eyes only. */
export function writeKubeconfig(settings: ClusterSettings, layout: Layout): void {
  const read = (file: string) => readFileSync(join(layout.pki, file), "utf8");
  const pem = { ca: read("ca.crt"), certificate: read("admin.crt"), key: read("admin.key") };
  writeFileSync(`${layout.kubeconfig}.new`, JSON.stringify(kubeconfig(settings, pem)), { mode: 0o600 });
  renameSync(`${layout.kubeconfig}.new`, layout.kubeconfig);
}
