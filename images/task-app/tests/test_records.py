"""Traces, the SFT file, the trace store and the log line (contract, sections 4.6 and 6)."""

import json
import logging
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from conftest import Caller, rollout_body
from fake_inference import FakeInference, text_reply, tool_reply

STEPWISE = {"enabled": True, "mode": "decision_stepwise", "strategy": "per_achievement"}


@pytest.fixture
def body(fake: FakeInference) -> dict[str, Any]:
    """Two turns in world 4: the first unlocks a sapling, the second plants it."""
    fake.play([tool_reply({"actions": ["do"] * 20}), tool_reply({"actions": ["place_plant"]})])
    body = rollout_body(turns=2)
    body["env"]["config"] = {"step_rewards": STEPWISE}
    del body["record"]
    return body


def _trace(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    response = caller.post("/rollout", body)
    assert response.status_code == 200, response.text
    return response.json()["trace"]


def test_structured_trace_has_every_call_message_and_step(caller: Caller, body: dict[str, Any]) -> None:
    trace = _trace(caller, body)
    assert trace["session_id"] == "episode-1"
    assert [step["step_id"] for step in trace["session_time_steps"]] == ["decision_0", "decision_1"]
    kinds = [message["message_type"] for message in trace["markov_blanket_message_history"]]
    assert kinds == ["policy_system_prompt", "policy_user_prompt", "policy_tool_call"] * 2
    model, environment = trace["event_history"][:2]
    assert model["system_instance_id"] == "policy:crafter-react"
    assert (model["input_tokens"], model["output_tokens"], model["provider"]) == (7, 3, "custom")
    assert model["call_records"][0]["output_tool_calls"][0]["name"] == "interact_many"
    assert environment["system_instance_id"] == "environment:crafter"
    assert environment["reward"] == 1.0
    assert environment["metadata"] == {"turn": 0, "run_id": "episode-1", "op_index": 1}
    assert "Step: 0/10000" in environment["system_state_before"]["text"]
    assert "Step: 20/10000" in environment["system_state_after"]["text"]
    assert trace["metadata"]["final_achievements"] == ["collect_sapling", "place_plant"]
    assert trace["metadata"]["env_seed"] == 4


def test_compact_trace_has_counts_and_decision_rewards(caller: Caller, body: dict[str, Any]) -> None:
    del body["mode"]
    trace = _trace(caller, {**body, "record": {"return_trace": True, "trace_format": "compact"}})
    assert (trace["events_count"], trace["messages_count"], len(trace["lm_calls"])) == (4, 6, 2)
    assert trace["lm_calls"][0]["tool_calls"] == 1
    assert trace["decision_rewards"][0] == {
        "turn": 0,
        "ach_delta": 1,
        "unique_delta": 1,
        "achievements": ["collect_sapling"],
        "unique_achievements": ["collect_sapling"],
    }


def test_sft_file_has_a_line_a_call_and_no_reward(caller: Caller, body: dict[str, Any], tmp_path: Path) -> None:
    assert caller.post("/rollout", body, sft_dir_given=tmp_path / "v3").status_code == 200
    (path,) = (tmp_path / "v3").iterdir()
    assert re.fullmatch(r"episode-1_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.jsonl", path.name)
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert [record["turn"] for record in records] == [0, 1]
    first = records[0]
    assert set(first) == {
        "run_id",
        "turn",
        "model",
        "provider",
        "dialogue",
        "dialogue_text",
        "assistant",
        "metadata",
        "timestamp",
    }
    assert [message["role"] for message in first["dialogue"]] == ["system", "user"]
    assert first["assistant"]["tool_calls"][0]["function"]["name"] == "interact_many"
    assert (first["assistant"]["content"], first["assistant"]["has_image"]) == ("", False)
    assert "+" not in first["timestamp"]
    assert "reward" not in path.read_text()


def test_sft_file_is_written_also_on_failure(caller: Caller, fake: FakeInference, tmp_path: Path) -> None:
    fake.play([tool_reply({"actions": ["noop"]}), text_reply("no")])
    assert caller.post("/rollout", rollout_body(turns=2), sft_dir_given=tmp_path).status_code == 500
    (path,) = tmp_path.iterdir()
    assert len(path.read_text().splitlines()) == 2


def test_a_run_id_cannot_leave_the_folder_or_overwrite(caller: Caller, tmp_path: Path) -> None:
    body = {**rollout_body(turns=1), "run_id": "../../etc/x y"}
    for _ in range(2):
        assert caller.post("/rollout", body, sft_dir_given=tmp_path / "a" / "b").status_code == 200
    names = sorted(path.name for path in tmp_path.rglob("*.jsonl"))
    assert len(names) == 2
    assert all(name.startswith("_.._etc_x_y_") for name in names)
    assert {path.parent for path in tmp_path.rglob("*.jsonl")} == {tmp_path / "a" / "b"}


def test_a_folder_that_cannot_be_written_costs_no_episode(caller: Caller, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert caller.post("/rollout", rollout_body(), sft_dir_given=tmp_path / "file" / "v3").status_code == 200


def test_trace_store_has_events_and_rewards(caller: Caller, body: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "db" / "traces.db"
    assert caller.post("/rollout", body, tracing_enabled=True, trace_db_url=f"sqlite:///{path}").status_code == 200
    connection = sqlite3.connect(path)
    rewards = connection.execute("SELECT turn_number, reward_type, reward_value FROM event_rewards").fetchall()
    assert rewards == [
        (0, "achievement_delta", 1.0),
        (0, "unique_achievement_delta", 1.0),
        (1, "achievement_delta", 1.0),
        (1, "unique_achievement_delta", 1.0),
    ]
    outcome = connection.execute("SELECT total_reward, achievements_count, total_steps FROM outcome_rewards").fetchall()
    assert outcome == [(2, 2, 2)]
    assert connection.execute("SELECT count(*) FROM events").fetchone() == (4,)
    assert connection.execute("SELECT count(*) FROM messages").fetchone() == (6,)
    connection.close()


def test_log_has_one_json_line_a_rollout(
    caller: Caller, body: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "task_app.rollout")
    caller.post("/rollout", body)
    (line,) = [json.loads(text) for text in caplog.messages if text.startswith("{")]
    assert line["event"] == "rollout.finished"
    assert line["unique_achievements_total"] == 2
    assert line["resource_reward"] > 0.08
    assert (line["run_id"], line["env_seed"], line["model"], line["unlocks"]) == ("episode-1", 4, "run-v0", 2)


def test_log_of_a_failure_says_why(caller: Caller, fake: FakeInference, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "task_app.rollout")
    fake.play([text_reply("no")])
    caller.post("/rollout", rollout_body())
    (line,) = [json.loads(text) for text in caplog.messages if text.startswith("{")]
    assert line["event"] == "rollout.failed"
    assert "no_tool_calls" in line["error"]
