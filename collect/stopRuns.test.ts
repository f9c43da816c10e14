import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { KubeConfig } from "@kubernetes/client-node";
import { afterEach, beforeEach, expect, it } from "vitest";
import { accessTo } from "./access.ts";
import { stopRuns } from "./stopRuns.ts";

/**
 * Against a server that speaks the few words of the API that are needed, and behaves as a kubelet and the Job controller do:
 * a suspended Job's runner says its last words, its log ends, and the pod is gone with it.
 */
let server: Server;
let log: ServerResponse | undefined;
let requests: string[];
let running: boolean;
let patch: { type: string; body: unknown } | undefined;

beforeEach(async () => {
  [log, requests, running, patch] = [undefined, [], true, undefined];
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, "http://api");
    const what = `${request.method} ${pathname.split("/").slice(-2).join("/")}`;
    requests.push(what);
    const json = (value: unknown) => response.setHeader("content-type", "application/json").end(JSON.stringify(value));
    if (what === "GET rewardlab-dev/pods") {
      const one = searchParams.get("labelSelector")!.endsWith("=one-1");
      return json({ kind: "PodList", items: one && running ? [{ metadata: { name: "one-1-x" }, status: { containerStatuses: [{ name: "runner", state: { running: {} } }] } }] : [] });
    }
    if (what === "GET one-1-x/log") {
      log = response;
      return void response.write("first\nsecond\n");
    }
    let text = "";
    request.on("data", (chunk: Buffer) => { text += chunk.toString(); }).on("end", () => {
      patch = { type: request.headers["content-type"]!, body: JSON.parse(text) };
      json({ kind: "Job" });
      log?.end("last words\n", () => { running = false; });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }));

function access() {
  const config = new KubeConfig();
  const { port } = server.address() as AddressInfo;
  config.loadFromOptions({
    clusters: [{ name: "c", server: `http://127.0.0.1:${port}`, skipTLSVerify: true }], users: [{ name: "u" }], contexts: [{ name: "x", cluster: "c", user: "u" }], currentContext: "x",
  });
  return accessTo(config, "rewardlab-dev");
}
const job = (run: string) => ({ run, job: `${run}-1`, state: "running", reason: "" }) as const;

it("keeps everything that a run says until it has ended, what it says after it was told to stop too", async () => {
  const lines: string[] = [];
  await stopRuns(access(), [job("one")], (run, line) => lines.push(`${run}: ${line}`));
  expect(lines).toEqual(["one: first", "one: second", "one: last words"]);
  expect(requests.indexOf("GET one-1-x/log")).toBeLessThan(requests.indexOf("PATCH jobs/one-1"));
  expect(patch).toEqual({ type: "application/merge-patch+json", body: { metadata: { annotations: { "rewardlab.dev/parked": null } }, spec: { suspend: true } } });
});

it("suspends a run that has no pod, so that it does not start while the stack goes", async () => {
  await stopRuns(access(), [job("two")], () => expect.unreachable());
  expect(requests).toContain("PATCH jobs/two-1");
});
