import { HttpMethod, KubeConfig, RequestContext } from "@kubernetes/client-node";
import { expect, test } from "vitest";
import { shareConnections } from "./sharedConnections.ts";

function configWith(certData: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: "c", server: "https://127.0.0.1:1", skipTLSVerify: true }], users: [{ name: "u", token: "t", certData, keyData: "a2V5" }],
    contexts: [{ name: "x", cluster: "c", user: "u" }], currentContext: "x",
  });
  return config;
}

/** What the client would send a request through. */
async function throughWhat(config: KubeConfig): Promise<unknown> {
  const context = new RequestContext("https://127.0.0.1:1/api", HttpMethod.GET);
  await config.applySecurityAuthentication(context);
  expect(context.getHeaders()["Authorization"]).toBe("Bearer t");
  return context.getDispatcher();
}

test("requests of a configuration go through the same connections; of a client that did so by itself this would be news", async () => {
  const config = shareConnections(configWith("b25l"));
  const first = await throughWhat(config);
  expect(first).toBeDefined();
  expect(await throughWhat(config)).toBe(first);
  const plain = configWith("b25l");
  expect(await throughWhat(plain)).not.toBe(await throughWhat(plain));
});

test("new credentials get new connections, and another configuration its own", async () => {
  const config = shareConnections(configWith("b25l"));
  const first = await throughWhat(config);
  Object.assign(config.users[0]!, { certData: "dHdv" });
  const second = await throughWhat(config);
  expect(second).not.toBe(first);
  expect(await throughWhat(config)).toBe(second);
  expect(await throughWhat(shareConnections(configWith("dHdv")))).not.toBe(second);
});
