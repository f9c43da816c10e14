import { expect, test } from "vitest";
import { replacedImages } from "./oldImages.ts";

const app = "127.0.0.1:5000/rewardlab/app";
const lines = (...rows: [repository: string, tag: string, digest: string][]) =>
  rows.map(([Repository, Tag, Digest]) => JSON.stringify({ Repository, Tag, Digest, ID: "0123", Size: "1GB" })).join("\n");

test("an image whose tag went to another is replaced; one that has its tag, or that was pulled by digest to be built on, is not", () => {
  const base = "127.0.0.1:5000/rewardlab/base";
  const text = lines([app, "local", "sha256:new"], [app, "<none>", "sha256:old"], [base, "<none>", "sha256:base"], ["<none>", "<none>", "<none>"]);
  expect(replacedImages(`${text}\n`, [`${base}@sha256:base`])).toEqual([`${app}@sha256:old`]);
});

test("an image that is listed with its tag and once more without it is not replaced", () => {
  expect(replacedImages(lines([app, "<none>", "sha256:same"], [app, "local", "sha256:same"]), [])).toEqual([]);
});

test("no image at all is nothing to remove", () => {
  expect(replacedImages("", [])).toEqual([]);
});
