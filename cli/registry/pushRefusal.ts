import { isLoopback } from "../../local/providers/docker/imageName.ts";
import type { Login } from "./dockerLogin.ts";

const LONGEST_ANSWER_MS = 10_000;

/**
 * Why a registry would refuse a push to a repository, for a person; null when it would take it. An upload is begun and cancelled
 * (OCI distribution specification, "Pushing a blob in chunks"), so that a refusal is told before anything is built or made.
 *
 * Throws an Error when the registry does not answer this machine. It may answer the Docker engine, which may be elsewhere or behind a proxy.
 *
 * @param repository registry and path, without a tag
 * @param login for the registry; none: it is asked as nobody
 */
export async function pushRefusal(repository: string, login: Login | null): Promise<string | null> {
  const slash = repository.indexOf("/");
  const [registry, path] = [repository.slice(0, slash), repository.slice(slash + 1)];
  const url = `${isLoopback(registry) ? "http" : "https"}://${registry === "docker.io" ? "registry-1.docker.io" : registry}/v2/${path}/blobs/uploads/`;
  const refused = `the registry refuses a push to ${repository}`;
  let authorization: string | undefined;
  let answer = await ask("POST", url);
  if (answer.status === 401) {
    if (login === null) return `${refused}: it asks for a login; log in with: docker login ${registry}`;
    authorization = await authorize(answer.headers.get("www-authenticate") ?? "", path, login);
    answer = await ask("POST", url, authorization);
  }
  if (answer.status !== 202) return `${refused}: it answers ${answer.status}${await words(answer)}; use a login that may push there, or another images.registry`;
  // What was begun here expires by itself where it can't be cancelled.
  const upload = answer.headers.get("location");
  if (upload !== null) await ask("DELETE", new URL(upload, url).href, authorization).catch(() => undefined);
  return null;
}

/** What to send in answer to a challenge (RFC 7235; the registry's tokens: distribution.github.io, "Token Authentication"). */
async function authorize(challenge: string, path: string, { username, password }: Login): Promise<string | undefined> {
  const basic = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  if (!/^bearer /i.test(challenge)) return basic;
  const { realm, service } = Object.fromEntries([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]));
  if (realm === undefined) return undefined;
  const query = new URLSearchParams({ ...(service !== undefined && { service }), scope: `repository:${path}:pull,push` });
  const answer = await ask("GET", `${realm}?${query}`, basic);
  if (!answer.ok) return undefined;
  const { token, access_token } = (await answer.json()) as { token?: string; access_token?: string };
  return `Bearer ${token ?? access_token}`;
}

async function ask(method: string, url: string, authorization?: string): Promise<Response> {
  try {
    return await fetch(url, { method, headers: authorization === undefined ? {} : { authorization }, signal: AbortSignal.timeout(LONGEST_ANSWER_MS) });
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Error(`${new URL(url).host} does not answer: ${cause instanceof Error ? cause.message : message}`, { cause: error });
  }
}

/** The registry's own reason, if it gives one as the specification says. */
async function words(answer: Response): Promise<string> {
  const { errors } = (await answer.json().catch(() => ({}))) as { errors?: { message?: string }[] };
  const message = errors?.[0]?.message;
  return message === undefined ? "" : ` (${message})`;
}
