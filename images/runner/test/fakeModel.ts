import { createHash } from "node:crypto";

/**
 * The fake model of the tests: an adapter is one number, its weight, and log p of the i-th token of a text follows from
 * the weight by a formula that the fake server and the fake trainer share. So a server that applies another adapter than
 * the trainer's shows the very symptoms that a real one shows.
 */
export function fakeLogprobs(tokenIds: readonly number[], weight: number): number[] {
  return tokenIds.map((id, index) => -1 - 0.01 * ((id + index) % 7) + 0.05 * weight * Math.cos(id + index));
}

export const fakeTokens = (text: string): number[] =>
  text.split(/\s+/).map((word) => word.length + word.charCodeAt(0));

/** A number in [0, 1) that looks random and is not. */
export function fakeChance(...parts: number[]): number {
  return createHash("sha256").update(parts.join()).digest().readUInt32BE(0) / 2 ** 32;
}
