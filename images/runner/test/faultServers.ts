import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FakeStack } from "./fakeStack.ts";

/**
 * Fault servers: each is a stack in which one thing is wrong from a version on, in a way that happened in other systems,
 * and in which every answer looks right. The last version of a run is the hard case: no step comes after it that could
 * show the fault, and the final evaluation would be of other weights than the run's.
 */
export interface FaultServer {
  what: string;
  begin: (stack: FakeStack, version: number) => void | Promise<void>;
  /** The reason with which the run must end. */
  reason: RegExp;
}

const TRAINER_DIFFERS = /vLLM and the trainer differ by .* nats a token on the same text under .*-v3$/;

export const faultServers: FaultServer[] = [
  { what: "serves the base under the new name", begin: serve("base"), reason: TRAINER_DIFFERS },
  { what: "serves the previous version under the new name", begin: serve("previous"), reason: /-v3: the canary did not move/ },
  {
    what: "serves another run's adapter under the new name",
    async begin(stack, version) {
      const path = join(stack.folder, "other-run-v5");
      mkdirSync(path);
      writeFileSync(join(path, "weight.json"), JSON.stringify({ weight: 2.5 }));
      await fetch(`${stack.vllm.url}/v1/load_lora_adapter`, {
        method: "POST",
        headers: { authorization: `Bearer ${stack.vllm.apiKey}` },
        body: JSON.stringify({ lora_name: "other-run-v5", lora_path: path }),
      });
      serve("other run")(stack, version);
    },
    reason: TRAINER_DIFFERS,
  },
  { what: "applies half of what it loaded", begin: serve("half"), reason: TRAINER_DIFFERS },
  {
    what: "is given a file of which half is gone",
    begin: (stack, version) => void (stack.trainer.fault.halfFile = version),
    reason: /the files of .*-v3 at .* have the digest sha256:.*; the trainer's record says sha256:.*: they are torn or changed/,
  },
  {
    what: "reads half of a whole file",
    begin: (stack, version) => duringStep(stack, version, () => (stack.vllm.fault.readsHalf = true)),
    reason: /vLLM answered 500 to POST .v1.load_lora_adapter/,
  },
  {
    what: "looks for adapters in another folder",
    begin: (stack, version) => duringStep(stack, version, () => (stack.vllm.fault.otherFolder = true)),
    reason: /vLLM finds no adapter .*-v3 at .*-v3/,
  },
];

function serve(weights: "base" | "previous" | "other run" | "half") {
  return (stack: FakeStack, version: number) => void Object.assign(stack.vllm.fault, { weights, fromVersion: version });
}

function duringStep(stack: FakeStack, step: number, begin: () => void): void {
  stack.trainer.fault.onStep = (body) => void (body.step === step && begin());
}
