/** Where a key stands in a file, both from 1. */
export interface Place {
  line: number;
  column: number;
}

const KEY = String.raw`(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')`;
const DOTTED = String.raw`${KEY}(?:\s*\.\s*${KEY})*`;
const HEADER = new RegExp(String.raw`^(\s*)\[\[?\s*(${DOTTED})\s*\]`);
const ENTRY = new RegExp(String.raw`^(\s*)(${DOTTED})\s*=`);
const INLINE = new RegExp(String.raw`[{,]\s*(${KEY})\s*=`, "g");

/**
 * The place of every key of a TOML text, by dotted path. The parser gives no positions, so this reads the text line by
 * line; it needs a text that the parser has accepted. A key of an inline table is found when the table is on one line.
 */
export function placesOf(text: string): Map<string, Place> {
  const places = new Map<string, Place>();
  const add = (path: string, line: number, column: number) => {
    if (!places.has(path)) places.set(path, { line: line + 1, column: column + 1 });
  };
  let table = "";
  for (const [line, content] of withoutMultilineStrings(text).split("\n").entries()) {
    const header = HEADER.exec(content);
    if (header) {
      table = names(header[2]!).join(".");
      add(table, line, header[1]!.length);
      continue;
    }
    const entry = ENTRY.exec(content);
    if (!entry) continue;
    const path = [...(table ? [table] : []), ...names(entry[2]!)].join(".");
    add(path, line, entry[1]!.length);
    for (const inner of content.slice(entry[0].length).matchAll(INLINE)) {
      const column = entry[0].length + inner.index + inner[0].indexOf(inner[1]!);
      add(`${path}.${names(inner[1]!).join(".")}`, line, column);
    }
  }
  return places;
}

/** The place of a key, or of the innermost table around it that has one. */
export function placeOf(places: Map<string, Place>, path: readonly PropertyKey[]): Place | undefined {
  for (let length = path.length; length > 0; length--) {
    const place = places.get(path.slice(0, length).map(String).join("."));
    if (place) return place;
  }
  return undefined;
}

function names(dotted: string): string[] {
  return [...dotted.matchAll(new RegExp(KEY, "g"))].map(([name]) => name.replace(/^["']|["']$/g, ""));
}

/** Blanks the inside of multi-line strings, keeping the lines, so that their content is not taken for keys. */
function withoutMultilineStrings(text: string): string {
  return text.replace(/"""[\s\S]*?"""|'''[\s\S]*?'''/g, (string) => string.replace(/[^\n]/g, " "));
}
