/**
 * The one place where the embedded stack's programs are pinned. Each number stands once more, as a `require` line, in
 * `modules/<family>/go.mod`; `versions.test.ts` fails when the two differ.
 */
export const versions = {
  kubernetes: "1.35.4",
  etcd: "3.6.14",
  kwok: "0.8.0",
  pulumi: "3.259.0",
  coredns: "1.14.7",
  "kube-router": "2.1.0",
} as const;

/** A set of programs that are released together and built from one Go module. */
export type FamilyName = keyof typeof versions;
