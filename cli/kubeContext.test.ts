import { expect, test } from "vitest";
import { UserError } from "./exit.ts";
import { CUT_CONTEXT, kubeContext } from "./kubeContext.ts";

const first = {
  path: "/home/me/.kube/config",
  text: `
current-context: kind
clusters:
- { name: kind, cluster: { server: "https://127.0.0.1:6443", certificate-authority: pki/ca.crt } }
users:
- { name: admin, user: { client-certificate: /abs/admin.crt, client-key: admin.key } }
contexts:
- { name: kind, context: { cluster: kind, user: admin, namespace: mine } }
- { name: broken, context: { cluster: gone, user: admin } }
`,
};
const second = {
  path: "/elsewhere/config",
  text: `
current-context: gpu
clusters:
- { name: kind, cluster: { server: "https://other:6443" } }
- { name: gpu, cluster: { server: "https://gpu:6443", proxy-url: "http://proxy:1" } }
users:
- { name: sso, user: { exec: { command: get-token, apiVersion: client.authentication.k8s.io/v1 } } }
contexts:
- { name: gpu, context: { cluster: gpu, user: sso } }
- { name: kind, context: { cluster: gpu, user: sso } }
`,
};
const cut = (...args: Parameters<typeof kubeContext>) => JSON.parse(kubeContext(...args).content);

test("a context is cut out whole, under a name of its own, with paths that start at its file's folder", () => {
  expect(kubeContext([first], "kind")).toMatchObject({ name: "kind", server: "https://127.0.0.1:6443" });
  expect(cut([first], "kind")).toMatchObject({
    "current-context": CUT_CONTEXT,
    clusters: [{ name: CUT_CONTEXT, cluster: { "certificate-authority": "/home/me/.kube/pki/ca.crt" } }],
    users: [{ name: CUT_CONTEXT, user: { "client-certificate": "/abs/admin.crt", "client-key": "/home/me/.kube/admin.key" } }],
    contexts: [{ name: CUT_CONTEXT, context: { cluster: CUT_CONTEXT, user: CUT_CONTEXT, namespace: "mine" } }],
  });
});

test("nothing of another context goes with it, and nothing of its own is lost", () => {
  const { clusters, users } = cut([first, second], "gpu");
  expect(clusters).toEqual([{ name: CUT_CONTEXT, cluster: { server: "https://gpu:6443", "proxy-url": "http://proxy:1" } }]);
  expect(users).toEqual([{ name: CUT_CONTEXT, user: { exec: { command: "get-token", apiVersion: "client.authentication.k8s.io/v1" } } }]);
});

test("of two entries with one name the first file's counts, for the current context too", () => {
  expect(kubeContext([first, second]).server).toBe("https://127.0.0.1:6443");
  expect(kubeContext([second, first]).name).toBe("gpu");
});

test("an unknown context is refused with the names that there are", () => {
  const refused = () => kubeContext([first, second], "kinf");
  expect(refused).toThrow(UserError);
  expect(refused).toThrow('context "kinf" is not in /home/me/.kube/config, /elsewhere/config, which has: kind, broken, gpu. Name one of them with --context.');
  expect(() => kubeContext([{ path: "/empty", text: "" }])).toThrow("/empty has no current context; its contexts: none");
});

test("a context without its cluster, and a file that is no YAML, are refused with their place", () => {
  expect(() => kubeContext([first], "broken")).toThrow('names the cluster "gone", which is not there');
  expect(() => kubeContext([{ path: "/odd", text: "a: [" }])).toThrow(/^\/odd is not YAML/);
});
