"""The trace of a rollout in the response: compact (counts and sums) or the whole session (contract, section 6)."""

import json
from datetime import datetime
from typing import Any

from .policy import ModelCall
from .prompt import state_text
from .record import RolloutRecord, Turn


def build_trace(record: RolloutRecord) -> dict[str, Any] | None:
    """The trace in the plan's format; None for format `none`. `full` and `structured` are the same."""
    if record.plan.trace_format == "none":
        return None
    return compact_trace(record) if record.plan.trace_format == "compact" else session_trace(record)


def compact_trace(record: RolloutRecord) -> dict[str, Any]:
    session = session_trace(record)
    return {
        "session_id": session["session_id"],
        "created_at": session["created_at"],
        "metadata": session["metadata"],
        "events_count": len(session["event_history"]),
        "messages_count": len(session["markov_blanket_message_history"]),
        "lm_calls": [_call_summary(turn, call) for turn, call in record.model_calls],
        "decision_rewards": [
            {
                "turn": turn.index,
                "ach_delta": turn.decision_rewards["ach_delta"],
                "unique_delta": turn.decision_rewards["unique_delta"],
                "achievements": turn.decision_rewards["all"],
                "unique_achievements": turn.decision_rewards["unique"],
            }
            for turn in record.turns
            if turn.decision_rewards is not None
        ],
    }


def session_trace(record: RolloutRecord) -> dict[str, Any]:
    """Every model call, message and environment step, in time steps `decision_0`, `decision_1`, ..."""
    steps = [_time_step(record, index) for index in range(_decisions(record))]
    metadata = {
        **record.plan.metadata,
        "env_seed": record.plan.env_seed,
        "final_achievements": sorted(record.episode.observation.unlocked),
    }
    return {
        "session_id": record.plan.run_id,
        "created_at": record.created_at.isoformat(),
        "session_time_steps": steps,
        "event_history": [event for step in steps for event in step["events"]],
        "markov_blanket_message_history": [message for step in steps for message in step["markov_blanket_messages"]],
        "metadata": metadata,
        "session_metadata": [],
    }


def _decisions(record: RolloutRecord) -> int:
    called = max((turn + 1 for turn, _ in record.model_calls), default=0)
    return max(called, len(record.turns))


def _time_step(record: RolloutRecord, index: int) -> dict[str, Any]:
    calls = [call for turn, call in record.model_calls if turn == index]
    played = record.turns[index] if index < len(record.turns) else None
    messages = [message for call in calls for message in _messages(call, index)]
    if played is not None:
        content = json.dumps([call.as_dict() for call in played.calls], ensure_ascii=False)
        messages.append(_message("policy_tool_call", content, played.played_at, index))
    events = [_model_event(record, call, index) for call in calls]
    if played is not None:
        events.append(_environment_event(record, played))
    started = calls[0].started_at if calls else played.played_at if played else record.created_at
    return {
        "step_id": f"decision_{index}",
        "step_index": index,
        "turn_number": index,
        "timestamp": started.isoformat(),
        "completed_at": played.played_at.isoformat() if played else None,
        "events": events,
        "markov_blanket_messages": messages,
        "step_metadata": {},
    }


def _messages(call: ModelCall, turn: int) -> list[dict[str, Any]]:
    kinds = {"system": "policy_system_prompt", "user": "policy_user_prompt"}
    return [
        _message(kinds[message["role"]], message["content"], call.started_at, turn)
        for message in call.request["messages"]
    ]


def _message(kind: str, content: str, at: datetime, turn: int) -> dict[str, Any]:
    return {
        "content": content,
        "message_type": kind,
        "time_record": {"event_time": at.timestamp()},
        "metadata": {"turn": turn, "step_id": f"decision_{turn}"},
    }


def _model_event(record: RolloutRecord, call: ModelCall, turn: int) -> dict[str, Any]:
    summary = _call_summary(turn, call)
    return {
        "event_type": "cais",
        "system_instance_id": f"policy:{record.plan.policy_name}",
        "time_record": {"event_time": call.started_at.timestamp() + call.latency_ms / 1000},
        "model_name": call.model,
        "provider": call.provider,
        **{key: summary[key] for key in ("input_tokens", "output_tokens", "total_tokens", "latency_ms")},
        "cost_usd": (call.response.get("usage") or {}).get("cost_usd"),
        "call_records": [_call_record(call)],
        "metadata": {"policy_id": record.policy_id, "turn": turn, "run_id": record.plan.run_id},
    }


def _call_record(call: ModelCall) -> dict[str, Any]:
    tool_calls = [raw for raw in call.message.get("tool_calls") or [] if isinstance(raw, dict)]
    return {
        "model_name": call.model,
        "provider": call.provider,
        "request_params": {key: value for key, value in call.request.items() if key not in {"messages", "tools"}},
        "output_text": call.text,
        "output_tool_calls": [
            {
                "name": (raw.get("function") or raw).get("name"),
                "arguments_json": (raw.get("function") or raw).get("arguments"),
                "call_id": raw.get("id"),
                "index": index,
            }
            for index, raw in enumerate(tool_calls)
        ],
        "usage": call.response.get("usage"),
        "started_at": call.started_at.isoformat(),
        "latency_ms": call.latency_ms,
    }


def _environment_event(record: RolloutRecord, turn: Turn) -> dict[str, Any]:
    played = turn.played
    return {
        "event_type": "environment",
        "system_instance_id": f"environment:{record.plan.env_name}",
        "time_record": {"event_time": turn.played_at.timestamp()},
        "reward": played.reward or 0.0,
        "terminated": False,  # the contract's environment never reports done; see step.info.terminated
        "truncated": False,
        "system_state_before": {"text": state_text(played.before)},
        "system_state_after": {"text": state_text(played.after)},
        "metadata": {"turn": turn.index, "run_id": record.plan.run_id, "op_index": turn.op_index},
    }


def _call_summary(turn: int, call: ModelCall) -> dict[str, Any]:
    usage = call.response.get("usage") or {}
    return {
        "turn": turn,
        "model": call.model,
        "provider": call.provider,
        "total_tokens": usage.get("total_tokens"),
        "input_tokens": usage.get("input_tokens", usage.get("prompt_tokens")),
        "output_tokens": usage.get("output_tokens", usage.get("completion_tokens")),
        "latency_ms": round(call.latency_ms),
        "tool_calls": len(call.message.get("tool_calls") or []),
    }
