/**
 * A `.dockerignore` file as a test of paths: `true` leaves the path out of the context. Docker's rules: a pattern is
 * relative to the context, `*` and `?` don't cross a slash, `**` does, `!` takes a path back in, the last match decides, and
 * what is said of a folder holds for all in it.
 */
export function parseDockerignore(text: string): (path: string) => boolean {
  const rules = text
    .split(/\r?\n/)
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => {
      const isKept = line.startsWith("!");
      return { isKept, pattern: toRegExp(clean(isKept ? line.slice(1).trim() : line)) };
    });
  return (path) => {
    const parts = path.split("/");
    const withParents = parts.map((_, index) => parts.slice(0, index + 1).join("/"));
    const last = rules.findLast(({ pattern }) => withParents.some((candidate) => pattern.test(candidate)));
    return last !== undefined && !last.isKept;
  };
}

/** Whether any rule takes paths back in, so that an ignored folder still has to be looked into. */
export function hasExceptions(text: string): boolean {
  return text.split(/\r?\n/).some((line) => line.trim().startsWith("!"));
}

function clean(pattern: string): string {
  return pattern.replace(/^\.?\/+/, "").replace(/\/+$/, "");
}

function toRegExp(pattern: string): RegExp {
  let source = "";
  for (let index = 0; index < pattern.length; index++) {
    const char = pattern[index]!;
    if (pattern.startsWith("**/", index)) {
      source += "(?:.*/)?";
      index += 2;
    } else if (pattern.startsWith("**", index)) {
      source += ".*";
      index += 1;
    } else if (char === "*") source += "[^/]*";
    else if (char === "?") source += "[^/]";
    else if (char === "[") {
      const end = pattern.indexOf("]", index + 1);
      if (end < 0) source += "\\[";
      else {
        source += pattern.slice(index, end + 1).replace(/^\[\^/, "[^");
        index = end;
      }
    } else if (char === "\\" && index + 1 < pattern.length) source += escape(pattern[++index]!);
    else source += escape(char);
  }
  return new RegExp(`^${source}$`);
}

function escape(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}
