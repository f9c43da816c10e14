import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** Of a stack whose file has no secrets: made at the stack's first run, needed at every later one. */
const SALT = /^encryptionsalt:[ \t]*(\S+)[ \t]*$/m;

/** How another state of the same stack, the user's own with the Pulumi command line, keeps its secrets. */
const FOREIGN_KEYS = /^(encryptionsalt|encryptedkey|secretsprovider):.*\n?/gm;

export interface ProjectFiles {
  /** Where the engine looks for `Pulumi.yaml` and `Pulumi.<stack>.yaml`. */
  workDir: string;
  projectName: string;
  stackName: string;
  /** The project. Its folders are linked into `workDir`, where the plugins look for relative paths like `images/runner`. */
  rootDir: string;
  /** The user's `Pulumi.yaml`; without it a bare one with the project's name is made. */
  projectFile?: string;
  /** The user's `Pulumi.<stack>.yaml`. It's read, never written: the engine gets a copy. */
  stackConfigFile?: string;
}

/** Puts copies of the project's files where the engine reads them. What the engine wrote before, the salt, is kept. */
export function writeProjectFiles(files: ProjectFiles): void {
  const { workDir, projectName, stackName, projectFile, stackConfigFile } = files;
  mkdirSync(workDir, { recursive: true });
  linkFolders(files.rootDir, workDir);
  const project = join(workDir, "Pulumi.yaml");
  if (projectFile !== undefined) copyFileSync(projectFile, project);
  else writeFileSync(project, `name: ${projectName}\nruntime: nodejs\n`);

  const copy = join(workDir, `Pulumi.${stackName}.yaml`);
  const settings = stackConfigFile === undefined ? "" : readFileSync(stackConfigFile, "utf8");
  const before = existsSync(copy) ? readFileSync(copy, "utf8") : "";
  writeFileSync(copy, withSalt(settings, SALT.exec(before)?.[1]), { mode: 0o600 });
}

function linkFolders(rootDir: string, workDir: string): void {
  for (const entry of readdirSync(workDir, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) rmSync(join(workDir, entry.name));
  }
  for (const entry of readdirSync(rootDir, { withFileTypes: true })) {
    const isTaken = entry.name.startsWith(".") || entry.name === "node_modules" || existsSync(join(workDir, entry.name));
    if (entry.isDirectory() && !isTaken) symlinkSync(join(rootDir, entry.name), join(workDir, entry.name));
  }
}

/**
 * The stack's settings with this salt. Keys of the file's own go: they fit the passphrase or key service of a state
 * elsewhere, and the engine would refuse the one that this state is encrypted with.
 */
export function withSalt(settings: string, salt: string | undefined): string {
  const plain = settings.replace(FOREIGN_KEYS, "");
  return salt === undefined ? plain : `encryptionsalt: ${salt}\n${plain}`;
}
