import { readDockerConfig } from "../../components/settings.ts";
import type { StackSettings } from "../../components/settings/schema.ts";
import { UserError } from "../exit.ts";
import { kebab } from "../kebab.ts";
import { dockerLogin } from "./dockerLogin.ts";
import { pushRefusal } from "./pushRefusal.ts";

/**
 * Throws UserError when the registry would not take the images that a stack builds: else it would be learned after the builds, in
 * the middle of an update. With `logins` it is asked with Docker's own login, as the official plugin pushes; the stand-in has none.
 * A registry that can't be asked from here is told by `say`, and is no error.
 */
export async function demandPush({ images }: Pick<StackSettings, "images">, { logins, say }: { logins: boolean; say: (line: string) => void }): Promise<void> {
  // taskApp is built from the folder task-app, and so with every other.
  const built = Object.entries(images).flatMap(([name, source]) => (typeof source === "object" && "base" in source ? [kebab(name)] : []));
  if (built.length === 0) return;
  const login = logins ? await dockerLogin(images.registry.split("/")[0]!, readDockerConfig()) : null;
  if (login === "unknown") return;
  const answers = await Promise.all(built.map((folder) => pushRefusal(`${images.registry}/${folder}`, login).catch((error: Error) => error)));
  const silent = answers.find((answer) => answer instanceof Error);
  if (silent) say(`images.registry: ${silent.message}; whether it takes a push is seen at the first one`);
  const refusals = answers.filter((answer) => typeof answer === "string");
  if (refusals.length > 0) throw new UserError([...refusals, "Nothing was changed."].join("\n"));
}
