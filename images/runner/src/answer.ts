import type { z } from "zod";
import { ConfigError, RunFailure } from "./failure.ts";
import { excerpt, HttpError } from "./http.ts";

/**
 * Answers of the services. Their schemas are not strict: a service may say more than the runner reads, and the same task
 * app serves other clients. What the runner reads is checked in full.
 */
export function parseAnswer<S extends z.ZodType>(service: string, what: string, schema: S, text: string): z.infer<S> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new RunFailure(`${service}'s answer to ${what} is no JSON: ${excerpt(text)}`, remedy(service), {
      cause: error,
    });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new RunFailure(`${service}'s answer to ${what} breaks the contract: ${problems.join("; ")}`, remedy(service));
}

const remedy = (service: string) => `check that ${service}'s image has the same version as the runner's`;

/** Turns a refused key into a ConfigError that names the key; gives every other error back as it is. */
export function explainRefusedKey(error: unknown, service: string, key: string): unknown {
  if (!(error instanceof HttpError)) return error;
  const refused =
    error.status === 401 || error.status === 403 || (error.status === 400 && error.body.includes("unauthorised"));
  if (!refused) return error;
  const reason = `${service} refused the runner's ${key} (status ${error.status})`;
  return new ConfigError(
    reason,
    `give the runner and ${service} the same ${key} from one Secret, then start a new attempt`,
  );
}
