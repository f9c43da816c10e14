import type { Notice } from "./notices.ts";
import type { Problem } from "./problem.ts";
import { nearest } from "./suggest.ts";

/** Keys that an env file must hold, and what they open. */
export const REQUIRED_KEYS = {
  SYNTH_API_KEY: "opens vLLM and the trainer; any long random text",
  ENVIRONMENT_API_KEY: "opens the task app; any long random text",
} as const;

/** Keys that it may hold; each reaches the pods that use it. */
export const OPTIONAL_KEYS = {
  GROQ_API_KEY: "for the task app's Groq proxy",
  OPENAI_API_KEY: "for the task app's OpenAI proxy",
  HF_TOKEN: "for a model that its hub gives to some only",
  S3_ACCESS_KEY_ID: "for results that are kept in a bucket",
  S3_SECRET_ACCESS_KEY: "for results that are kept in a bucket",
} as const;

/** Other variables that env files of this format hold: not secrets of ours, and not mistakes. */
const OTHERS = ["TASK_APP_URL", "TASK_APP_BASE_URL", "BACKEND_BASE_URL", "SYNTH_BASE_URL", "DEV_ENVIRONMENT_API_KEY", "dev_environment_api_key",
  "ENVIRONMENT_API_KEY_ALIASES", "TASKAPP_TRACING_ENABLED", "TASKAPP_SFT_OUTPUT_DIR", "SFT_OUTPUT_DIR", "TURSO_LOCAL_DB_URL", "SQLD_DB_PATH",
  "SYNTH_AUTO_TRACE", "CRAFTER_DEFAULT_SEED", "CRAFTER_MAX_SEED", "CRAFTER_AREA", "CRAFTER_EPISODE_LENGTH", "CHAT_MAX_MODEL_LEN",
  "CHAT_MAX_INPUT_TOKENS", "CHAT_BUDGET_SAFETY", "SDK_EXPERIMENTAL"];

/** Of a stack: those of its env file, and the key of its results store, which is made from them. */
export type SecretName = keyof typeof REQUIRED_KEYS | keyof typeof OPTIONAL_KEYS | "RESULTS_API_KEY";

export interface EnvKeys {
  /** The secrets that are set. */
  secrets: Partial<Record<SecretName, string>>;
  taskAppUrl: string | undefined;
  problems: Problem[];
  notices: Notice[];
}

/** Checks the names of an env file's variables; no message ever holds a value. */
export function checkEnvKeys(file: string, values: Readonly<Record<string, string | undefined>>): EnvKeys {
  const known = { ...REQUIRED_KEYS, ...OPTIONAL_KEYS };
  const names = Object.keys(values);
  const given = names.filter((name): name is SecretName => Object.hasOwn(known, name) && values[name] !== "");
  const problems: Problem[] = [
    ...Object.entries(REQUIRED_KEYS).filter(([name]) => !values[name])
      .map(([name, use]) => ({ file, path: name, what: `is ${name in values ? "empty" : "missing"}`, write: `Write ${name}=... (${use})` })),
    ...given.filter((name) => !/^[\x21-\x7e]+$/.test(values[name]!)).map((name) => ({
      file, path: name, what: "holds a blank, a line break or a character outside ASCII, which no HTTP header can carry",
      write: "Write the key without quotes or blanks inside",
    })),
    ...names.filter((name) => !Object.hasOwn(known, name) && !OTHERS.includes(name)).map((name) => {
      const meant = nearest(name, [...Object.keys(known), ...OTHERS]);
      return { file, path: name, what: "is not a known variable", write: meant ? `Did you mean ${meant}? If not, remove it` : "Remove it" };
    }),
  ];
  return {
    secrets: Object.fromEntries(given.map((name) => [name, values[name]!])),
    taskAppUrl: values["TASK_APP_URL"],
    problems,
    notices: names.filter((name) => OTHERS.includes(name) && name !== "TASK_APP_URL")
      .map((name) => ({ path: name, text: "accepted, no effect here: the pods' settings are in the stack file", files: [file], withoutEffect: true })),
  };
}
