import { describe, expect, it } from "vitest";
import { decide, type Memory, NOTHING } from "./decide.ts";
import type { Member, Pair, RunJob } from "./snapshot.ts";

const settings = { nodes: 1, startSeconds: 600, graceSeconds: 30 };
const at = (second: number) => new Date(1_800_000_000_000 + second * 1000);

/** How the pods of a pair are: none, at the gate, past it, ready, or ending. */
type Pods = "none" | "gate" | "starting" | "ready" | "ending";
function pair(order: number, pods: Pods, { replicas = 1, slot = "0", gated = order > 0, heldElsewhere = false } = {}): Pair {
  const member = (part: string): Member => ({
    deployment: `pair-${order}-${part}`, replicas,
    pods: pods === "none" ? [] : [{ name: `pair-${order}-${part}-x`, atGate: pods === "gate", heldElsewhere, ready: pods === "ready" || pods === "ending", ending: pods === "ending" }],
  });
  return { name: `pair-${order}`, order, slot, gated, whole: true, members: [member("vllm"), member("trainer")] };
}
const run = (of: number, state: RunJob["state"], pods: "none" | "gate" | "past" = "none", name = `run-${of}`): RunJob =>
  ({ name, pair: `pair-${of}`, state, version: "7", pods: pods === "none" ? [] : [{ name: `${name}-pod`, atGate: pods === "gate" }] });

const text = (actions: ReturnType<typeof decide>["actions"]) => actions.map((action) =>
  (action.kind === "scale" ? `${action.deployment}=${action.replicas}` : `${action.kind} ${action.kind === "admit" ? action.pod : action.job}`));
const decided = (pairs: Pair[], runs: RunJob[], { memory = NOTHING, second = 0, change = {} as Partial<typeof settings> | { nodes: null } } = {}) =>
  text(decide({ pairs, runs }, memory, at(second), { ...settings, ...change }).actions);
const both = (order: number, what: (member: string) => string) => ["vllm", "trainer"].map((part) => what(`pair-${order}-${part}`));

describe("idle release", () => {
  const ended = [run(0, "ended"), run(0, "ended", "past", "other")];
  const idleFor = (seconds: number, pairs: Pair[], runs: RunJob[]) => {
    const { memory } = decide({ pairs, runs }, NOTHING, at(0), settings);
    return decided(pairs, runs, { memory, second: seconds });
  };

  it("gives both GPUs back when every run of a pair has ended, after the grace and not before", () => {
    expect(idleFor(29, [pair(0, "ready")], ended)).toEqual([]);
    expect(idleFor(30, [pair(0, "ready")], ended)).toEqual(both(0, (name) => `${name}=0`));
  });

  it("is done once", () => expect(idleFor(60, [pair(0, "none", { replicas: 0 })], ended)).toEqual([]));

  it.each(["active", "parked"] as const)("keeps a pair that has one %s run", (state) => {
    expect(idleFor(3600, [pair(0, "ready")], [...ended, run(0, state, "past", "third")]).filter((each) => each.includes("="))).toEqual([]);
  });

  it("counts a run that somebody stopped as done", () => expect(idleFor(30, [pair(0, "ready")], [run(0, "stopped")])).toEqual(both(0, (name) => `${name}=0`)));

  it("begins to count anew when there was work in between", () => {
    const pairs = [pair(0, "ready")];
    let memory: Memory = NOTHING;
    for (const [second, runs] of [[0, ended], [20, [run(0, "active", "past")]], [25, ended]] as const) ({ memory } = decide({ pairs, runs: [...runs] }, memory, at(second), settings));
    expect(decided(pairs, ended, { memory, second: 50 })).toEqual([]);
    expect(decided(pairs, ended, { memory, second: 55 })).toEqual(both(0, (name) => `${name}=0`));
  });

  it("leaves a pair without any Job to the update that is bringing it up, but not for longer than a start may take", () => {
    expect(idleFor(599, [pair(0, "starting")], [])).toEqual([]);
    expect(idleFor(600, [pair(0, "starting")], [])).toEqual(both(0, (name) => `${name}=0`));
  });

  it("is taken back by a new run", () => {
    expect(decided([pair(0, "none", { replicas: 0 })], [...ended, run(0, "active", "none", "again")])).toEqual([...both(0, (name) => `${name}=1`), "park again"]);
  });
});

describe("turns", () => {
  it("are taken in order, and only by pairs for which there is a place", () => {
    const queue = (first: Pods) => decided([pair(1, first), pair(2, "gate"), pair(3, "gate")], [1, 2, 3].map((order) => run(order, "parked")));
    expect(queue("gate")).toEqual(both(1, (name) => `admit ${name}-x`));
    expect(queue("starting")).toEqual([]);
  });

  it.each([0, 1])("pass on when the last pod of the pair before, number %i, is gone, not while it is ending", (order) => {
    const after = (first: Pods) => decided([pair(order, first, { replicas: 0 }), pair(order + 1, "gate")], [run(order, "ended"), run(order + 1, "parked")]);
    expect(after("ending")).toEqual([]);
    expect(after("none")).toEqual(both(order + 1, (name) => `admit ${name}-x`));
  });

  it("are for both members or for none", () => {
    const half = pair(1, "gate");
    half.members[1]!.pods = [];
    expect(decided([half], [run(1, "parked")])).toEqual([]);
    const [vllm] = pair(1, "gate").members;
    expect(decided([{ ...pair(1, "gate"), whole: false, members: [vllm!] }], [run(1, "parked")])).toEqual([]);
  });

  it("are not overtaken while the pods of the next pair are yet to be made", () => {
    expect(decided([pair(1, "none"), pair(2, "gate")], [run(1, "parked"), run(2, "parked")])).toEqual([]);
    expect(decided([pair(1, "none", { replicas: 0 }), pair(2, "gate")], [run(1, "parked"), run(2, "parked")])).toEqual(both(1, (name) => `${name}=1`));
  });

  it("are a queue for each place on a node, as many at once as there are nodes", () => {
    const pairs = [1, 2, 3, 4, 5].map((order) => pair(order, "gate", { slot: String(order % 2) }));
    const runs = pairs.map(({ order }) => run(order, "parked"));
    const admitted = (nodes: number) => decided(pairs, runs, { change: { nodes } }).filter((each) => each.includes("vllm")).map((each) => each.slice(6, 12));
    expect(admitted(1)).toEqual(["pair-1", "pair-2"]);
    expect(admitted(2)).toEqual(["pair-1", "pair-2", "pair-3", "pair-4"]);
  });

  it("are kept by a pair of which a member is made anew", () => {
    const restarted = pair(1, "ready");
    restarted.members[0]!.pods = [{ name: "new", atGate: true, heldElsewhere: false, ready: false, ending: false }];
    expect(decided([restarted, pair(2, "gate")], [run(1, "active", "past"), run(2, "parked")])).toEqual(["admit new"]);
  });

  it("are taken again, before all that wait, by a pair that has lost both members under its runs", () => {
    expect(decided([pair(1, "gate"), pair(2, "gate")], [run(1, "parked"), run(2, "active", "past")])).toEqual(both(2, (name) => `admit ${name}-x`));
  });

  it("are waited for by the first pair too when its runs come a second time", () => {
    const again = (later: Pods) => decided([pair(0, "none", { replicas: 0 }), pair(1, later)], [run(0, "parked"), run(1, "active", "past")]);
    expect(again("ready")).toEqual([]);
    expect(decided([pair(0, "none", { replicas: 0 }), pair(1, "none", { replicas: 0 })], [run(0, "parked"), run(1, "ended")])).toEqual(both(0, (name) => `${name}=1`));
  });

  it("are somebody else's business where nodes are not counted here: every pair with work asks for pods", () => {
    const released = [pair(0, "none", { replicas: 0 }), pair(1, "none", { replicas: 0, gated: false })];
    expect(decided(released, [run(0, "parked"), run(1, "parked")], { change: { nodes: null } })).toEqual([...both(0, (name) => `${name}=1`), ...both(1, (name) => `${name}=1`)]);
  });
});

describe("a run", () => {
  it("is parked with its deadline until the servers of its pair are ready, then started, then let through", () => {
    expect(decided([pair(0, "starting")], [run(0, "active", "gate")])).toEqual(["park run-0"]);
    expect(decided([pair(0, "starting")], [run(0, "parked")])).toEqual([]);
    expect(decided([pair(0, "ready")], [run(0, "parked")])).toEqual(["start run-0"]);
    expect(decided([pair(0, "ready")], [run(0, "active", "gate")])).toEqual(["admit run-0-pod"]);
  });

  it("is not started on servers that are ending", () => expect(decided([pair(0, "ending")], [run(0, "parked")])).toEqual([]));
  it("that was stopped by somebody is never started", () => expect(decided([pair(0, "ready")], [run(0, "stopped")])).toEqual([]));
  it("that has begun is never parked, whatever its servers do, and its next pod does not wait for them", () => {
    const next: RunJob = { ...run(0, "active"), pods: [{ name: "first", atGate: false }, { name: "second", atGate: true }] };
    expect(decided([pair(0, "starting")], [next])).toEqual(["admit second"]);
    expect(decided([pair(0, "none")], [run(0, "active", "past")])).toEqual([]);
  });

  it("is let through to servers that are not ready in time, so that it can say so and end", () => {
    const pairs = [pair(0, "starting")];
    const { memory } = decide({ pairs, runs: [run(0, "parked")] }, NOTHING, at(0), settings);
    expect(decided(pairs, [run(0, "parked")], { memory, second: 599 })).toEqual([]);
    expect(decided(pairs, [run(0, "parked")], { memory, second: 600 })).toEqual(["start run-0"]);
  });

  it("is not let through early because its pair waits, here or at another gate", () => {
    for (const waiting of [pair(1, "gate"), pair(1, "starting", { gated: false, heldElsewhere: true })]) {
      const { memory } = decide({ pairs: [waiting], runs: [run(1, "parked")] }, NOTHING, at(0), { ...settings, nodes: null });
      expect(decided([waiting], [run(1, "parked")], { memory, second: 86_400, change: { nodes: null } }).filter((each) => each.startsWith("start"))).toEqual([]);
    }
  });
});
