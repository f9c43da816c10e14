import { createHash } from "node:crypto";
import { fakeChance } from "./fakeModel.ts";
import { type FakeAnswer, type FakeRequest, FakeServer } from "./fakeServer.ts";

/**
 * A fake of the task app for tests. Each turn asks the inference server that the request names; a decision unlocks
 * something with a chance that grows with the served adapter's weight. Worlds depend on the seeds alone.
 */
export class FakeTaskApp {
  readonly server = new FakeServer((request) => this.#answer(request));
  readonly apiKey = "fake-environment-key";
  readonly requests: any[] = [];
  running = 0;
  mostRunning = 0;
  fault: {
    /** The next n rollouts answer 500. */
    failures?: number;
    /** Every decision unlocks the same, so that no advantage is left. */
    equalRewards?: boolean;
    /** Called at the start of every rollout. */
    onRollout?: (body: any) => void | Promise<void>;
    /** Plays fewer turns than asked for. */
    turns?: number;
  } = {};

  get url(): string {
    return this.server.url;
  }

  start(): Promise<void> {
    return this.server.start();
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  async #answer({ path, body, headers }: FakeRequest): Promise<FakeAnswer> {
    if (headers["x-api-key"] !== this.apiKey)
      return { status: 400, body: { detail: { error: { code: "unauthorised" } } } };
    if (path === "/health") return { status: 200, body: { healthy: true } };
    this.requests.push(body);
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      await this.fault.onRollout?.(body);
      if (this.fault.failures) {
        this.fault.failures -= 1;
        return { status: 500, body: { detail: "env_step_failed: made up for the test" } };
      }
      return { status: 200, body: await this.#play(body) };
    } catch (error) {
      return { status: 500, body: { detail: `policy_step_failed: ${(error as Error).message}` } };
    } finally {
      this.running -= 1;
    }
  }

  async #play(body: any): Promise<unknown> {
    const { config } = body.policy;
    const stepwise = body.env.config.step_rewards.enabled;
    const achievements: { name: string; decision: number }[] = [];
    const steps: unknown[] = [];
    const actions: string[][] = [];
    for (let turn = 0; turn < (this.fault.turns ?? body.ops.length / 2); turn++) {
      const { meta, weight } =
        body.policy.policy_name === "random"
          ? { meta: { served_model: "random", valid: true, invalid_actions: 0 }, weight: 0 }
          : await this.#decide(config, turn);
      const unlocked =
        !this.fault.equalRewards && fakeChance(body.env.seed, config.sampler_seed, turn) < 0.15 + 0.1 * weight;
      actions.push(unlocked ? ["do", "noop"] : ["noop"]);
      if (unlocked) achievements.push({ name: `achievement_${turn}`, decision: turn });
      steps.push({
        obs: {},
        tool_calls: [],
        reward: unlocked ? 1 : null,
        done: false,
        truncated: null,
        info: { meta, ...(stepwise ? { stepwise: { reward: unlocked ? 1 : 0 } } : {}) },
      });
    }
    const hash = createHash("sha256")
      .update(JSON.stringify([body.env.seed, config.sampler_seed, achievements]))
      .digest("hex");
    return {
      run_id: body.run_id,
      trace: body.record.trace_format === "full" ? { session_id: body.run_id, event_history: actions } : null,
      trajectories: [{ steps }],
      metrics: {
        details: {
          rewardlab: {
            trajectory_hash: hash,
            env_seed: body.env.seed,
            actions,
            achievements,
            unlocks: achievements.length,
            resource_reward: 0.25,
          },
        },
      },
    };
  }

  async #decide(config: any, turn: number): Promise<{ meta: unknown; weight: number }> {
    const response = await fetch(`${config.inference_url}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer fake-synth-key" },
      body: JSON.stringify({ model: config.model, seed: config.sampler_seed + turn }),
    });
    if (!response.ok) throw new Error(`the inference server answered ${response.status}`);
    const answer = (await response.json()) as any;
    const meta = {
      served_model: answer.model,
      prompt_token_ids: answer.prompt_token_ids,
      completion_token_ids: answer.token_ids,
      completion_logprobs: answer.logprobs,
      finish_reason: "stop",
      valid: turn !== 1,
      invalid_actions: turn === 1 ? 2 : 0,
    };
    return { meta, weight: answer.weight };
  }
}
