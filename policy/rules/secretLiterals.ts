import { isTable, type Planned, type Rule } from "../planned.ts";

/** Names whose values are secrets. Not `tokens`: a number of them is a common setting. */
const SECRET_NAME = /(api_?key|secret_?key|private_?key|access_?key|password|passwd|credential|(^|_)secret$|(^|_|[a-z])token$)/i;
/** Names like that which hold a name or a choice, and no secret. */
const INNOCENT_NAME = /^(secretName|secretKeyRef|secretRef|imagePullSecrets|automountServiceAccountToken)$/;

const SHAPES: readonly [what: string, shape: RegExp][] = [
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ["a token of OpenAI's, Groq's or Hugging Face's shape", /\b(sk-[A-Za-z0-9_-]{20,}|gsk_[A-Za-z0-9]{20,}|hf_[A-Za-z0-9]{20,})\b/],
  ["a token of GitHub's shape", /\b(gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})\b/],
  ["a cloud access key", /\b(AKIA|ASIA)[0-9A-Z]{16}\b/],
  ["a JSON Web Token", /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\b/],
  ["a bearer header", /\bBearer\s+[A-Za-z0-9._~+/-]{16,}/],
  ["an address with a password in it", /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:[^\s/:@]+@/i],
];

/** A value in an object's clear fields is read by whoever may read objects, and stays in the engine's state and in logs. */
export const secretLiterals: Rule = {
  name: "no-secret-literals",
  description: "No input holds what looks like a secret, but for the values of a Secret.",
  remedy: "Write the value into the env file, and refer to it with secretEnv (a secretKeyRef).",
  check: (object) => search(cleared(object), ""),
};

/** A Secret's values are in their place, and the engine keeps them encrypted. */
function cleared({ type, props }: Planned): Record<string, unknown> {
  if (type !== "kubernetes:core/v1:Secret") return props;
  const { data: _data, stringData: _stringData, ...rest } = props;
  return rest;
}

function search(value: unknown, place: string): string[] {
  if (typeof value === "string") return SHAPES.flatMap(([what, shape]) => (shape.test(value) ? [`${place} holds ${what}`] : []));
  if (Array.isArray(value)) return value.flatMap((each, index) => [...variable(each, `${place}[${index}]`), ...search(each, `${place}[${index}]`)]);
  if (!isTable(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = place === "" ? key : `${place}.${key}`;
    return [...(isSecretName(key) && isText(inner) ? [`${at} is a secret by its name, with its value in clear`] : []), ...search(inner, at)];
  });
}

/** An environment variable: the name stands in one field and the value in another. */
function variable(entry: unknown, place: string): string[] {
  if (!isTable(entry) || !isText(entry["name"]) || !isText(entry["value"]) || !isSecretName(entry["name"])) return [];
  return [`${place} (${entry["name"]}) is a secret by its name, with its value in clear`];
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isSecretName = (name: string) => SECRET_NAME.test(name) && !INNOCENT_NAME.test(name);
