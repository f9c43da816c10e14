"""A rollout: the op loop that asks a policy and plays its answer in an episode."""

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from .calls import ToolCall
from .environments import Environment
from .episode import Played
from .errors import RolloutError
from .plan import RolloutPlan
from .policy import Decision, Policy, ReactPolicy
from .random_policy import RandomPolicy
from .record import RolloutRecord, Turn
from .resource_reward import resource_reward
from .rewards import decision_reward, decision_rewards
from .runs import Run
from .services import Services
from .step_reward_report import stepwise_info

NOOP_CALL = ToolCall("interact_many", {"actions": ["noop"]})


class Rollout:
    """One rollout of a plan in an environment. `record` holds what came of it so far, at any moment."""

    def __init__(self, plan: RolloutPlan, environment: Environment, services: Services) -> None:
        self.plan = plan
        self._environment, self._services = environment, services
        self.record = RolloutRecord(
            plan=plan,
            env_id=environment.env_id,
            policy_id=uuid4().hex,
            episode=environment.episode,
            seen=set(environment.episode.observation.unlocked),
        )
        self._policy = _policy(plan, services)
        self._credited: Counter[str] = Counter()
        self._pending: Decision | None = None
        self._answered_at = 0.0

    async def run(self, run: Run, caller_gone: Callable[[], Awaitable[bool]]) -> RolloutRecord:
        """Execute the ops, until they are done, the run is aborted, its time is up or nobody waits for the answer.

        Raises RolloutError if a model call or an environment step fails, or nothing was played.
        """
        deadline = time.monotonic() + self.plan.max_time_s
        for index, op in enumerate(self.plan.ops):
            if run.abort_requested or time.monotonic() > deadline or await caller_gone():
                self.record.aborted = True
                break
            if op == "agent":
                await self._ask()
            else:
                await self._play(index)
            self.record.ops_executed += 1
        if not self.record.turns:
            raise RolloutError("no_steps_executed: avg_turns == 0")
        return self.record

    async def _ask(self) -> None:
        turn, started = len(self.record.turns), time.perf_counter()
        try:
            decision = await self._policy.decide(self.record.episode.observation, self.record.history, turn)
        except RolloutError as error:
            raise RolloutError(f"policy_step_failed: {error}") from error
        self._answered_at = time.perf_counter()
        decision.meta["timing"] = {
            "agent_request_start_s": started,
            "agent_response_s": self._answered_at,
            "inference_ms": decision.meta.get("inference_ms", 0.0),
        }
        if decision.model_call is not None:
            self.record.model_calls.append((turn, decision.model_call))
        if not decision.calls and not self.plan.noop_if_invalid:
            raise RolloutError("policy_step_failed: missing tool_calls (no_tool_calls)")
        self._pending = decision

    async def _play(self, op_index: int) -> None:
        decision, self._pending = self._pending, None
        if decision is None:
            raise RolloutError("policy_step_failed: missing tool_calls (no_tool_calls): no agent op before this env op")
        calls, started = decision.calls or [NOOP_CALL], time.perf_counter()
        try:
            played = await self._services.in_thread(self._play_locked, calls)
        except Exception as error:
            raise RolloutError(f"env_step_failed: {error}") from error
        self.record.turns.append(self._turn(op_index, decision, calls, played, (time.perf_counter() - started) * 1000))

    def _play_locked(self, calls: list[ToolCall]) -> Played:
        with self._environment.lock:
            return self._environment.episode.play(calls)

    def _turn(self, op_index: int, decision: Decision, calls: list[ToolCall], played: Played, env_ms: float) -> Turn:
        record, settings, index = self.record, self.plan.step_rewards, len(self.record.turns)
        record.resource_reward += resource_reward(played.before.inventory, played.after.inventory).total
        info: dict[str, Any] = {
            "achievements_added": played.unlocked,
            "terminated": played.after.terminated,
            "truncated": played.after.truncated,
            "steps": played.after.steps,
            "meta": self._meta(decision, played, env_ms),
        }
        turn = Turn(index, op_index, decision, calls, played, datetime.now(UTC), env_ms, info)
        if settings.active:
            reward = turn.reward = decision_reward(
                played.unlocked, played.before.inventory, played.after.inventory, settings, self._credited
            )
            self._credited.update(reward.credited)
            info["stepwise"] = stepwise_info(index + 1, reward, settings)
            turn.decision_rewards = decision_rewards(index + 1, played.unlocked, record.seen)
            info["meta"]["decision_rewards"] = turn.decision_rewards
        record.seen.update(played.unlocked)
        return turn

    def _meta(self, decision: Decision, played: Played, env_ms: float) -> dict[str, Any]:
        decision_ms = (time.perf_counter() - self._answered_at) * 1000
        timing = decision.meta["timing"] | {
            "env_step_ms": env_ms,
            "decision_ms": decision_ms,
            "overhead_ms": max(0.0, decision_ms - env_ms),
        }
        return decision.meta | {
            "timing": timing,
            "valid": decision.well_formed and played.expansion.known > 0,
            "invalid_actions": len(played.expansion.invalid),
        }


def _policy(plan: RolloutPlan, services: Services) -> Policy:
    if plan.policy_kind == "random":
        return RandomPolicy(plan.sampler_seed or 0)
    return ReactPolicy(plan, services.inference)
