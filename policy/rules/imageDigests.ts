import { type Rule, UNKNOWN } from "../planned.ts";
import { containersOf, podsOf } from "../pods.ts";

const DIGEST = /^[^\s@]+@sha256:[0-9a-f]{64}$/;

/** What a tag means can change under a running experiment: half of its pods then run another program than the other half. */
export const imageDigests: Rule = {
  name: "images-by-digest",
  description: "Containers take their image by digest, and never latest.",
  remedy: "Write name@sha256:… as the image's reference in the stack file, or a base: it is then built, pushed, and taken by the digest that the registry reports.",
  check: (object) => podsOf(object).flatMap(containersOf).flatMap(({ place, container }) => {
    const image: unknown = container["image"];
    // In a preview, the digest of an image that is yet to be built.
    if (image === UNKNOWN || (typeof image === "string" && DIGEST.test(image))) return [];
    if (typeof image !== "string") return [`${place} has no image`];
    const latest = /:latest$/.test(image) || !/:[^/]+$/.test(image);
    return [`${place} has the image ${image}, ${latest ? "which is whatever is latest" : "whose tag can be moved"}`];
  }),
};
