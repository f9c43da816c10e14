import { expect, test } from "vitest";
import { canaryFault, canaryQuestion, type CanaryReading, largestChange, meanChange } from "./canary.ts";

const reading = (change: Partial<CanaryReading>): CanaryReading => ({
  updated: true,
  largest: 1e-3,
  mean: 1e-4,
  noise: 0,
  ...change,
});

test("an update that moves the canary is fine, one that does not ends the run", () => {
  expect(canaryFault(reading({}), 0.01)).toBeNull();
  expect(canaryFault(reading({ largest: 0, mean: 0 }), 0.01)).toContain("did not move");
});

test("numerics alone are no movement", () => {
  expect(canaryFault(reading({ largest: 3e-6, noise: 1e-6 }), 0.01)).toContain("did not move");
  expect(canaryFault(reading({ largest: 5e-4, noise: 1e-6 }), 0.01)).toBeNull();
});

test("a noisy server never ends a run by its noise", () => {
  expect(canaryFault(reading({ largest: 0.05, noise: 0.07 }), 0.2)).toBeNull();
});

test("after a step without an update the canary stays where it was", () => {
  expect(canaryFault(reading({ updated: false, largest: 0, mean: 0 }), 0.01)).toBeNull();
  expect(canaryFault(reading({ updated: false, largest: 1, mean: 0.5 }), 0.01)).toContain("changed no weights");
});

test("changes are per place, and scores of other lengths are refused", () => {
  expect(largestChange([-1, -2, -3], [-1, -2.5, -2])).toBe(1);
  expect(meanChange([-1, -2, -3], [-1, -2.5, -2])).toBe(0.5);
  expect(() => largestChange([-1], [-1, -2])).toThrow("another number of places");
});

test("the question is spread over the whole text, and never asks at one place twice", () => {
  const text = Array.from({ length: 61 }, (_, index) => (index % 9 === 5 ? 7 : index));
  const { prompts, token } = canaryQuestion(text);
  expect(token).toBe(7);
  expect(prompts.map((prompt) => prompt.length)).toEqual([
    4, 8, 12, 15, 19, 23, 27, 30, 34, 38, 42, 45, 49, 53, 57, 60,
  ]);
  expect(canaryQuestion([1, 2, 3]).prompts).toEqual([[1], [1, 2]]);
});
