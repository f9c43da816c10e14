/** One measured number. */
export interface Figure {
  name: string;
  value: number;
  /** s, GiB, nats, decisions/s, or "" for a plain count. */
  unit: string;
  /** What the number is of, where its name does not say it. */
  note?: string;
}

/** What one bench found. */
export interface Measured {
  /** Its numbers once more, under names that scripts read at the top of the JSON. */
  keys?: Record<string, unknown>;
  figures: Figure[];
  /** What could not be measured here: why, and what to do. */
  notMeasured: string[];
  /** Conditions that only this bench knows. */
  conditions: Record<string, string | number>;
}

/** Four significant digits: more would be noise, fewer would hide a change of a per mille. */
const rounded = (value: number): number => Number(value.toPrecision(4));

/** A figure, rounded. Throws a RangeError for what is no number, since JSON would print it as null. */
export function figure(name: string, value: number, unit: string, note?: string): Figure {
  if (!Number.isFinite(value)) throw new RangeError(`${name} is ${value}`);
  return { name, value: rounded(value), unit, ...(note === undefined ? {} : { note }) };
}

/** Lines for people. */
export function figureLines(figures: readonly Figure[]): string[] {
  const width = Math.max(...figures.map(({ name }) => name.length));
  return figures.map(({ name, value, unit, note }) => `${name.padEnd(width)}  ${value}${unit && ` ${unit}`}${note ? `  (${note})` : ""}`);
}
