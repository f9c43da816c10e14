import { ApiException, type KubeConfig } from "@kubernetes/client-node";
import { expect, it } from "vitest";
import { releaseTaints } from "./nodeTaints.ts";

it("who may not see nodes is told so, and a teardown goes on; another answer is an error", async () => {
  const answering = (code: number) => ({ makeApiClient: () => ({ listNode: () => Promise.reject(new ApiException(code, "no", "", {})) }) }) as unknown as KubeConfig;
  const lines: string[] = [];
  const screen = { line: (text: string) => void lines.push(text) };
  await releaseTaints(answering(403), screen);
  expect(lines).toEqual([expect.stringContaining("may be left on a node")]);
  await expect(releaseTaints(answering(500), screen)).rejects.toMatchObject({ code: 500 });
});
