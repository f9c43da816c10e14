import { existsSync } from "node:fs";
import { join } from "node:path";
import { certificatesOfEnvironment, folders } from "../../components/settings.ts";
import { run } from "../../local/command.ts";
import { preflight, problemLine } from "../../local/preflight.ts";
import type { Run } from "../command.ts";
import { UserError } from "../exit.ts";
import { roomNeeded } from "../room.ts";

interface Finding { what: string; ok: boolean; note: string }

/** A program that has to be on the PATH only for some uses. */
async function program(name: string, args: string[], use: string): Promise<Finding> {
  const version = await run(name, args).catch(() => null);
  return { what: name, ok: version !== null, note: version === null ? `not found; ${use}` : version.trim().split("\n")[0]! };
}

const doctor: Run<"doctor"> = async ({ json }, { print }) => {
  const { cacheDir, stateDir } = folders();
  const cached = (...parts: string[]) => existsSync(join(cacheDir, ...parts));
  const problems = preflight({ cacheDir, stateDir, needGiB: roomNeeded(cacheDir) });
  const certificates = certificatesOfEnvironment();
  const findings: Finding[] = [
    { what: "embedded stack", ok: problems.length === 0, note: problems.length === 0 ? "can run here: npm start" : problems.map(problemLine).join("; ") },
    { what: "caches", ok: true, note: `${cacheDir}: toolchain ${cached("toolchain") ? "there" : "made at the first start"}, images ${cached("images", "bases.json") ? "there" : "made at the first start"}` },
    { what: "certificates", ok: certificates === undefined || existsSync(certificates), note: certificates ?? "the public ones" },
    await program("go", ["version"], "needed once to build the embedded toolchain where its downloads cannot be reached: install Go 1.26 or newer"),
    await program("pulumi", ["version"], "needed for a stack on a cluster of your own without --context: pulumi.com/docs/install"),
    await program("kubectl", ["version", "--client"], "handy for a cluster of your own"),
  ];
  print(json ? JSON.stringify({ version: 1, findings }, null, 2) : findings.map(({ what, ok, note }) => `${ok ? "ok     " : "MISSING"}  ${what.padEnd(15)} ${note}`).join("\n"));
  if (problems.length > 0) throw new UserError("The embedded stack cannot run here; see above.");
};

export default doctor;
