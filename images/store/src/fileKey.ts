/** One part of a file's name: no hidden names, which are the store's own, and nothing that leads out of its folder. */
const PART = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;
const MOST_PARTS = 8;

/** The parts of a key such as `run-0a1b2c3d/adapter/v3/adapter_config.json`; null for one that can't be a file's name here. */
export function partsOf(key: string): string[] | null {
  const parts = key.split("/");
  return parts.length <= MOST_PARTS && parts.every((part) => PART.test(part)) ? parts : null;
}
