"""The SFT file of a rollout: one JSON line for each model call, no rewards (contract, section 6)."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from .policy import ModelCall
from .record import RolloutRecord


def sft_records(record: RolloutRecord) -> list[dict[str, Any]]:
    return [_sft_record(record.plan.run_id, turn, call) for turn, call in record.model_calls]


def write_sft(directory: Path, record: RolloutRecord, now: datetime) -> Path | None:
    """Write the rollout's file and return its path; None if no model was called. `now` is local time.

    A name that is taken (two rollouts of one run_id in one second) gets a number; nothing is overwritten.
    """
    lines = [json.dumps(entry, ensure_ascii=False) for entry in sft_records(record)]
    if not lines:
        return None
    directory.mkdir(parents=True, exist_ok=True)
    stem = f"{_file_name(record.plan.run_id)}_{now:%Y-%m-%d_%H-%M-%S}"
    for number in range(1, 1000):
        path = directory / (f"{stem}.jsonl" if number == 1 else f"{stem}_{number}.jsonl")
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write("\n".join(lines) + "\n")
            return path
        except FileExistsError:
            continue
    raise FileExistsError(f"{directory / stem}.jsonl and 998 numbered names are taken")


def _file_name(run_id: str) -> str:
    # A run id is the client's text: it must not name another folder.
    return re.sub(r"[^A-Za-z0-9._-]", "_", run_id).lstrip(".")[:150] or "run"


def _sft_record(run_id: str, turn: int, call: ModelCall) -> dict[str, Any]:
    dialogue = [{"role": message["role"], "content": message["content"]} for message in call.request["messages"]]
    content = call.message.get("content")
    finished = call.started_at.astimezone(UTC) + timedelta(milliseconds=call.latency_ms)
    return {
        "run_id": run_id,
        "turn": turn,
        "model": call.model,
        "provider": call.provider,
        "dialogue": dialogue,
        "dialogue_text": dialogue,
        "assistant": {
            "content": "" if content is None else content,
            "content_text": call.text,
            "tool_calls": call.message.get("tool_calls"),
            "has_image": False,
        },
        "metadata": {"user_has_image": False, "assistant_has_image": False, "has_image": False},
        "timestamp": finished.replace(tzinfo=None).isoformat(),
    }
