import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";

export interface Login {
  username: string;
  password: string;
}

/** What of Docker's own config.json says how to log in (docs.docker.com, "docker login"). Its other keys are Docker's business. */
const dockerConfig = z.string().transform((text) => JSON.parse(text) as unknown).pipe(z.object({
  auths: z.record(z.string(), z.object({ auth: z.string().optional() })).default({}),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).default({}),
}));

/** A helper gives this name beside a token that is no password. */
const TOKEN = "<token>";

/**
 * The login that Docker has for a registry; null for none; "unknown" where Docker has one that only Docker can use.
 *
 * @param config text of Docker's config.json, if there is one
 */
export async function dockerLogin(registry: string, config: string | undefined): Promise<Login | null | "unknown"> {
  const parsed = config === undefined ? undefined : dockerConfig.safeParse(config);
  if (parsed === undefined) return null;
  if (!parsed.success) return "unknown";
  const { auths, credsStore, credHelpers } = parsed.data;
  const server = registry === "docker.io" ? "https://index.docker.io/v1/" : registry;
  const helper = credHelpers[server] ?? credsStore;
  if (helper !== undefined) return fromHelper(helper, server);
  const { auth } = auths[server] ?? auths[`https://${server}`] ?? {};
  if (!auth) return null;
  const [username = "", ...rest] = Buffer.from(auth, "base64").toString().split(":");
  return { username, password: rest.join(":") };
}

async function fromHelper(helper: string, server: string): Promise<Login | null | "unknown"> {
  const asked = promisify(execFile)(`docker-credential-${helper}`, ["get"]);
  asked.child.stdin?.end(server);
  // A helper ends with an error when it has nothing for this server.
  const text = await asked.then(({ stdout }) => stdout, () => null);
  if (text === null) return null;
  const { Username, Secret } = JSON.parse(text) as { Username: string; Secret: string };
  return Username === TOKEN ? "unknown" : { username: Username, password: Secret };
}
