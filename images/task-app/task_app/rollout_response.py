"""The rollout response (contract, section 2.5, second generation) from a finished record."""

from typing import Any

from .prompt import state_text
from .record import RolloutRecord, Turn
from .step_reward_report import decision_sample, stepwise_summary
from .traces import build_trace


def build_response(record: RolloutRecord) -> dict[str, Any]:
    plan = record.plan
    pipeline_metadata: dict[str, Any] = {"trace_correlation_id": plan.correlation_id}
    if plan.inference_url:
        pipeline_metadata["inference_url"] = plan.inference_url
    return {
        "run_id": plan.run_id,
        "trajectories": [_trajectory(record)],
        "branches": {},
        "metrics": _metrics(record),
        "aborted": record.aborted,
        "ops_executed": record.ops_executed,
        "trace": build_trace(record),
        "trace_correlation_id": plan.correlation_id,
        "pipeline_metadata": pipeline_metadata,
    }


def rewardlab_details(record: RolloutRecord) -> dict[str, Any]:
    """What the contract has no place for: the episode's identity and what was played, whatever the reward settings."""
    episode = record.episode
    metas = [turn.info["meta"] for turn in record.turns]
    return {
        "trajectory_hash": episode.hash.hexdigest(),
        "env_seed": episode.world.seed,
        "actions": episode.action_names(),
        "achievements": [{"name": name, "decision": decision} for name, decision in episode.unlocks],
        "unlocks": len(episode.unlocks),
        "unique_achievements_total": len(record.seen),
        "resource_reward": record.resource_reward,
        "decisions": len(record.turns),
        "invalid_actions": sum(meta["invalid_actions"] for meta in metas),
        "invalid_decisions": sum(not meta["valid"] for meta in metas),
        "died_at_step": episode.died_at,
    }


def _trajectory(record: RolloutRecord) -> dict[str, Any]:
    plan = record.plan
    samples = [
        decision_sample(turn.index + 1, turn.reward, plan.step_rewards, turn.calls)
        for turn in record.turns
        if turn.reward is not None
    ]
    return {
        "env_id": record.env_id,
        "policy_id": record.policy_id,
        "steps": [_step(turn) for turn in record.turns],
        "final": {"observation": {"text": state_text(record.episode.observation)}},
        "length": len(record.turns),
        "inference_url": plan.inference_url or plan.policy_kind,
        "decision_samples": samples if plan.step_rewards.active else None,
        "trace_correlation_id": plan.correlation_id,
    }


def _step(turn: Turn) -> dict[str, Any]:
    logprobs = turn.info["meta"].get("completion_logprobs")
    return {
        "obs": {"text": state_text(turn.played.before)},
        "tool_calls": [call.as_dict() for call in turn.calls],
        "reward": turn.played.reward,
        "done": False,
        "truncated": None,
        "logprob": None if logprobs is None else sum(logprobs),
        "value": None,
        "info": turn.info,
    }


def _metrics(record: RolloutRecord) -> dict[str, Any]:
    details: dict[str, Any] = {"rewardlab": rewardlab_details(record)}
    if record.plan.step_rewards.active:
        rewards = [turn.reward for turn in record.turns if turn.reward is not None]
        unlocked = record.episode.observation.unlocked
        details["stepwise"] = stepwise_summary(rewards, record.plan.step_rewards, record.seen, unlocked)
    return {
        "episode_returns": [record.total_reward],
        "mean_return": record.total_reward,
        "num_steps": len(record.turns),
        "num_episodes": 1,
        "outcome_score": None,
        "events_score": None,
        "details": details,
    }
