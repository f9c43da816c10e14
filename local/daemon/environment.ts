/** Variables that a long-lived program may need: where programs and homes are, the language, the way out to the network. */
const PASSED_ON = /^(PATH|HOME|USER|LANG|LC_.*|TZ|TMPDIR|SSL_CERT_(FILE|DIR)|(HTTPS?|NO|ALL)_PROXY)$/i;

/** The folders of system programs: a caller's PATH may lack the sbin ones, where iptables and modprobe are. */
export const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * The environment of a program that outlives this one: only what it may need of `environment`, since the rest can hold
 * keys that nobody expects in a process of tomorrow.
 */
export function lastingEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const passed = Object.entries(environment).flatMap(([name, value]) =>
    value !== undefined && PASSED_ON.test(name) ? [[name, value]] : [],
  );
  return { ...Object.fromEntries(passed), PATH: [environment.PATH, SYSTEM_PATH].filter(Boolean).join(":") };
}
