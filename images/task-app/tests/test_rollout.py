"""POST /rollout against a fake inference server (contract, sections 2.3-2.5, 3 and 4)."""

import json
from typing import Any

import anyio
import httpx
import pytest
from conftest import KEY, Caller, rollout_body
from fake_inference import FakeInference, text_reply, tool_reply

from task_app.actions import ACTIONS
from task_app.engine import TextCrafter
from task_app.episode import Episode
from task_app.tool import MAX_ACTIONS
from task_app.worlds import Worlds

STEPWISE = {"enabled": True, "mode": "decision_stepwise", "strategy": "consistent", "indicator_lambda": 1.0}
SLEEP = tool_reply({"actions": ["sleep", "noop"]})


def _play(caller: Caller, body: dict[str, Any], **changes: Any) -> dict[str, Any]:
    response = caller.post("/rollout", body, **changes)
    assert response.status_code == 200, response.text
    return response.json()


def _metas(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [step["info"]["meta"] for step in answer["trajectories"][0]["steps"]]


def test_response_has_the_second_generations_fields(caller: Caller) -> None:
    answer = _play(caller, rollout_body(turns=2))
    assert set(answer) == {
        "run_id",
        "trajectories",
        "branches",
        "metrics",
        "aborted",
        "ops_executed",
        "trace",
        "trace_correlation_id",
        "pipeline_metadata",
    }
    (trajectory,) = answer["trajectories"]
    assert (answer["run_id"], answer["ops_executed"], answer["aborted"]) == ("episode-1", 4, False)
    assert (trajectory["length"], len(trajectory["steps"])) == (2, 2)
    assert trajectory["inference_url"] == "http://fake/v1/chat/completions"
    assert trajectory["decision_samples"] is None
    assert "GAME STATE" in trajectory["final"]["observation"]["text"]
    assert answer["metrics"]["outcome_score"] is None
    assert answer["metrics"]["num_steps"] == 2
    assert "stepwise" not in answer["metrics"]["details"]
    for step in trajectory["steps"]:
        assert step["done"] is False
        assert step["truncated"] is None
        assert step["tool_calls"][0]["tool"] == "interact_many"


def test_correlation_id_is_echoed_in_three_places(caller: Caller) -> None:
    body = rollout_body(trace_correlation_id=None, inference_url="http://fake/v1?cid=from-url")
    answer = _play(caller, body)
    assert answer["trace_correlation_id"] == "from-url"
    assert answer["pipeline_metadata"] == {
        "trace_correlation_id": "from-url",
        "inference_url": "http://fake/v1/chat/completions?cid=from-url",
    }
    assert answer["trajectories"][0]["trace_correlation_id"] == "from-url"


def test_every_decision_brings_its_tokens_and_served_model(caller: Caller, fake: FakeInference) -> None:
    fake.served_model = "another-adapter"
    for meta in _metas(_play(caller, rollout_body())):
        assert meta["served_model"] == "another-adapter"
        assert meta["prompt_token_ids"] == [0, 1, 2, 3, 4, 5, 6]
        assert meta["completion_token_ids"] == [100, 101, 102]
        assert meta["completion_logprobs"] == [-0.25, -0.25, -0.25]
        assert (meta["finish_reason"], meta["valid"], meta["invalid_actions"]) == ("tool_calls", True, 0)


def test_tokens_that_did_not_come_are_null_not_made_up(caller: Caller, fake: FakeInference) -> None:
    fake.with_tokens = False
    for meta in _metas(_play(caller, rollout_body())):
        assert meta["completion_token_ids"] is meta["prompt_token_ids"] is meta["completion_logprobs"] is None


def test_obs_is_the_text_before_the_action_and_final_the_one_after(caller: Caller) -> None:
    trajectory = _play(caller, rollout_body(turns=2))["trajectories"][0]
    first, second = (step["obs"]["text"] for step in trajectory["steps"])
    assert "Step: 0/10000" in first
    assert "Step: 4/10000" in second
    assert "Step: 8/10000" in trajectory["final"]["observation"]["text"]


def test_history_names_past_calls(caller: Caller, fake: FakeInference) -> None:
    fake.play([tool_reply({"actions": [name]}) for name in ("move_left", "move_up", "sleep", "do", "noop")])
    _play(caller, rollout_body(turns=5))
    last = fake.requests[-1]["messages"][1]["content"]
    assert last.endswith(
        "Previous tool calls (most recent first):\n"
        '- interact_many: {"actions": ["do"]}\n'
        '- interact_many: {"actions": ["sleep"]}\n'
        '- interact_many: {"actions": ["move_up"]}'
    )


def test_the_same_request_gives_the_same_episode_and_replays(caller: Caller) -> None:
    first, second = (_play(caller, rollout_body(turns=3))["metrics"]["details"]["rewardlab"] for _ in range(2))
    assert first == second
    again = Episode.replay(Worlds(0).fresh(first["env_seed"]), first["actions"])
    assert again.hash.hexdigest() == first["trajectory_hash"]


def test_outcome_rewards_are_unlock_counts(caller: Caller, fake: FakeInference) -> None:
    # Every world begins on grass, which gives a sapling one time in ten: in world 4 within twenty tries.
    fake.play([tool_reply({"actions": ["do"] * 20}), tool_reply({"actions": ["place_plant"]})])
    answer = _play(caller, rollout_body(turns=2))
    rewards = [step["reward"] for step in answer["trajectories"][0]["steps"]]
    assert rewards == [1.0, 1.0]
    assert answer["metrics"]["episode_returns"] == [2.0]
    details = answer["metrics"]["details"]["rewardlab"]
    assert details["achievements"] == [
        {"name": "collect_sapling", "decision": 0},
        {"name": "place_plant", "decision": 1},
    ]
    assert (details["unlocks"], details["unique_achievements_total"]) == (2, 2)
    assert details["resource_reward"] >= 0.08


def test_stepwise_rewards_stand_where_the_contract_has_them(caller: Caller, fake: FakeInference) -> None:
    fake.play([tool_reply({"actions": ["do"] * 20}), SLEEP])
    body = rollout_body(turns=2)
    body["env"]["config"] = {"step_rewards": STEPWISE}
    answer = _play(caller, body)
    trajectory = answer["trajectories"][0]
    first, second = (step["info"] for step in trajectory["steps"])
    assert (first["stepwise"]["decision_index"], first["stepwise"]["reward"]) == (1, 1.0)
    assert first["stepwise"]["new_achievements"] == ["collect_sapling"]
    assert second["stepwise"]["reward"] == 0.0
    assert first["meta"]["decision_rewards"] == {
        "turn": 1,
        "ach_delta": 1,
        "unique_delta": 1,
        "all": ["collect_sapling"],
        "unique": ["collect_sapling"],
    }
    assert [sample["r_i"] for sample in trajectory["decision_samples"]] == [1.0, 0.0]
    summary = answer["metrics"]["details"]["stepwise"]
    assert (summary["indicator_sum"], summary["reward_sum"], summary["strategy"]) == (1.0, 1.0, "consistent")
    assert answer["metrics"]["mean_return"] == 1.0, "the outcome reward doesn't depend on stepwise rewards"


def test_invalid_names_are_counted_and_the_rest_is_played(caller: Caller, fake: FakeInference) -> None:
    fake.play([tool_reply({"actions": ["fly", "move_left"]}), tool_reply({"actions": ["fly"]})])
    answer = _play(caller, rollout_body(turns=2))
    assert [(meta["valid"], meta["invalid_actions"]) for meta in _metas(answer)] == [(True, 1), (False, 1)]
    details = answer["metrics"]["details"]["rewardlab"]
    assert details["actions"] == [["move_left"], ["noop"]]
    assert (details["invalid_actions"], details["invalid_decisions"]) == (2, 1)


def test_no_call_fails_the_rollout_by_default(caller: Caller, fake: FakeInference) -> None:
    fake.play([text_reply("I would rather think.")])
    response = caller.post("/rollout", rollout_body())
    assert response.status_code == 500
    assert response.json()["detail"] == "policy_step_failed: missing tool_calls (no_tool_calls)"


@pytest.mark.parametrize("mode", ["rl", "eval"])
def test_no_call_is_a_counted_noop_where_the_request_says_so(caller: Caller, fake: FakeInference, mode: str) -> None:
    fake.play([text_reply("I would rather think."), tool_reply("{broken")])
    answer = _play(caller, {**rollout_body(turns=2, on_invalid="noop"), "mode": mode})
    assert [meta["valid"] for meta in _metas(answer)] == [False, False]
    assert _metas(answer)[0]["completion_token_ids"], "an invalid decision can still be trained on"
    details = answer["metrics"]["details"]["rewardlab"]
    assert details["actions"] == [["noop"], ["noop"]]
    assert details["invalid_decisions"] == 2


def test_an_env_op_without_an_answer_fails(caller: Caller) -> None:
    response = caller.post("/rollout", {**rollout_body(), "ops": ["env"]})
    assert response.status_code == 500
    assert "missing tool_calls" in response.json()["detail"]


def test_no_played_turn_is_a_failure(caller: Caller) -> None:
    response = caller.post("/rollout", {**rollout_body(), "ops": ["agent"]})
    assert (response.status_code, response.json()["detail"]) == (500, "no_steps_executed: avg_turns == 0")


@pytest.mark.parametrize(
    ("change", "status", "detail"),
    [
        ({"env": {"env_name": "wordle"}}, 500, "Unknown env_name"),
        ({"env": {"env_id": "gone"}}, 500, "Environment gone not found"),
        ({"ops": ["agent", "dance"]}, 500, "Unsupported op type"),
        (
            {"env": {"env_name": "crafter", "config": {"env_params": {"max_steps_per_episode": "x"}}}},
            422,
            "invalid_env",
        ),
        ({"mode": "train"}, 422, "rl"),
        ({"on_done": "panic"}, 422, "terminate"),
    ],
)
def test_bad_requests_have_the_contracts_status(
    caller: Caller, change: dict[str, Any], status: int, detail: str
) -> None:
    response = caller.post("/rollout", {**rollout_body(), **change})
    assert response.status_code == status
    assert detail in response.text


def test_random_policy_needs_no_model_and_repeats(caller: Caller, fake: FakeInference) -> None:
    body = rollout_body(turns=4)
    body["policy"] = {"policy_name": "random", "config": {"max_llm_calls": 4, "sampler_seed": 9}}
    body["mode"] = "eval"
    first, second = _play(caller, body), _play(caller, body)
    assert first["metrics"] == second["metrics"]
    assert fake.requests == []
    assert {meta["served_model"] for meta in _metas(first)} == {"random"}
    actions = first["metrics"]["details"]["rewardlab"]["actions"]
    assert all(1 <= len(decision) <= MAX_ACTIONS for decision in actions)
    body["policy"]["config"]["sampler_seed"] = 10
    assert _play(caller, body)["metrics"]["details"]["rewardlab"]["actions"] != actions


def test_death_is_reported_and_ends_nothing(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def deadly_step(self: TextCrafter, action: int) -> Any:
        self._player.inventory["health"] = 0
        return original(self, action)

    original = TextCrafter.step
    monkeypatch.setattr(TextCrafter, "step", deadly_step)
    answer = _play(caller, rollout_body(turns=2))
    steps = answer["trajectories"][0]["steps"]
    assert [step["done"] for step in steps] == [False, False]
    assert [step["info"]["terminated"] for step in steps] == [True, True]
    assert answer["metrics"]["details"]["rewardlab"]["died_at_step"] == 1


def test_first_and_third_generation_requests_are_played(caller: Caller) -> None:
    config = {"model": "m", "inference_url": "http://fake/v1", "max_llm_calls": 1}
    first = {
        "run_id": "g1",
        "env": {"env_name": "crafter"},
        "policy": {"policy_name": "crafter", "config": config},
        "ops": [{"type": "agent"}, {"op": "env"}],
        "branch": {"max_branches": 2},
    }
    third = {
        "run_id": "g3",
        "env": {"env_name": "crafter"},
        "policy": {"policy_name": "crafter-react", "config": config, "output_mode": "tool_calls"},
        "mode": "eval",
    }
    for body in (first, third):
        answer = _play(caller, body)
        assert answer["trajectories"][0]["length"] == 1
        assert answer["trace_correlation_id"] == f"trace_{body['run_id']}"


def test_a_live_environment_is_played_on_and_stays(caller: Caller) -> None:
    async def call(client: httpx.AsyncClient) -> None:
        created = (await client.post("/create", json={"env_name": "crafter", "seed": 4, "rl_run_id": "r"})).json()
        body = {**rollout_body(turns=1), "env": {"env_id": created["env_id"]}}
        for steps in (4, 8):
            answer = (await client.post("/rollout", json=body)).json()
            assert answer["trajectories"][0]["env_id"] == created["env_id"]
            assert answer["trajectories"][0]["steps"][0]["info"]["steps"] == steps
        noop = {"env_id": created["env_id"], "tool_calls": [{"tool": "noop"}]}
        assert (await client.post("/step", json=noop)).json()["step_idx"] == 9

    caller.run(call)


def test_a_rollouts_own_environment_is_gone_afterwards(caller: Caller) -> None:
    async def call(client: httpx.AsyncClient) -> None:
        for _ in range(3):
            answer = (await client.post("/rollout", json=rollout_body(turns=1))).json()
        gone = await client.post("/terminate", json={"env_id": answer["trajectories"][0]["env_id"]})
        assert gone.status_code == 404

    caller.run(call, max_live_envs=1)


def test_status_and_abort(caller: Caller, fake: FakeInference) -> None:
    async def call(client: httpx.AsyncClient) -> None:
        assert (await client.get("/run/status/episode-1")).status_code == 404
        assert (await client.post("/run/abort", json={"run_id": "episode-1"})).status_code == 404
        answers: list[httpx.Response] = []

        async def play() -> None:
            answers.append(await client.post("/rollout", json=rollout_body(turns=300)))

        async with anyio.create_task_group() as group:
            group.start_soon(play)
            while len(fake.requests) < 3:
                await anyio.sleep(0.005)
            assert (await client.get("/run/status/episode-1")).json()["status"] == "running"
            assert (await client.post("/run/abort", json={"run_id": "episode-1"})).json() == {
                "ok": True,
                "run_id": "episode-1",
            }
        answer = answers[0].json()
        assert answer["aborted"] is True
        assert 1 <= answer["trajectories"][0]["length"] < 300
        status = (await client.get("/run/status/episode-1")).json()
        assert status["status"] == "aborted"
        assert status["finished_at"] >= status["started_at"]

    caller.run(call)


def test_time_that_is_up_ends_the_rollout_with_what_was_played(caller: Caller, fake: FakeInference) -> None:
    fake.seconds = 0.2
    # Ten times what a turn takes: on a busy machine there is time for one, and on no machine for more than ten.
    answer = _play(caller, {**rollout_body(turns=100), "safety": {"max_time_s": 2}})
    assert answer["aborted"] is True
    assert 1 <= answer["trajectories"][0]["length"] <= 10


def test_a_caller_that_hangs_up_ends_its_rollout(caller: Caller, fake: FakeInference) -> None:
    async def call(client: httpx.AsyncClient) -> None:
        transport = client._transport
        assert isinstance(transport, httpx.ASGITransport)
        fake.seconds = 0.01
        inbox = [{"type": "http.request", "body": json.dumps(rollout_body(turns=500)).encode(), "more_body": False}]
        hung_up = anyio.Event()

        async def receive() -> dict[str, Any]:
            if inbox:
                return inbox.pop()
            if not hung_up.is_set():
                await hung_up.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            return None

        scope = {"type": "http", "method": "POST", "path": "/rollout", "query_string": b"", "asgi": {"version": "3.0"}}
        scope["headers"] = [(b"x-api-key", KEY.encode()), (b"content-type", b"application/json")]
        async with anyio.create_task_group() as group:
            group.start_soon(transport.app, scope, receive, send)
            while len(fake.requests) < 3:
                await anyio.sleep(0.005)
            hung_up.set()
        assert len(fake.requests) < 20
        assert (await client.get("/run/status/episode-1")).json()["status"] == "aborted"

    caller.run(call)


def test_many_rollouts_at_once_leave_the_loop_free_and_are_bounded(caller: Caller, fake: FakeInference) -> None:
    fake.seconds = 0.01

    async def call(client: httpx.AsyncClient) -> None:
        hashes: set[str] = set()

        async def play(number: int) -> None:
            body = {**rollout_body(turns=3), "run_id": f"r{number}"}
            body["env"] = {"env_name": "crafter", "seed": number % 2}
            answer = (await client.post("/rollout", json=body)).json()
            hashes.add(answer["metrics"]["details"]["rewardlab"]["trajectory_hash"])

        gaps: list[float] = []

        async def watch() -> None:
            while True:
                start = anyio.current_time()
                assert (await client.get("/")).status_code == 200
                gaps.append(anyio.current_time() - start)
                await anyio.sleep(0.005)

        async with anyio.create_task_group() as watching:
            watching.start_soon(watch)
            async with anyio.create_task_group() as group:
                for number in range(20):
                    group.start_soon(play, number)
            watching.cancel_scope.cancel()
        assert len(hashes) == 2, "ten concurrent episodes a world, each world its own hash"
        assert len(gaps) > 5, "the loop answered while worlds were played"

    caller.run(call, max_concurrent_rollouts=5)
    assert 2 <= fake.most_at_once <= 5


def test_action_names_in_the_record_are_the_games(caller: Caller) -> None:
    actions = _play(caller, rollout_body())["metrics"]["details"]["rewardlab"]["actions"]
    assert {name for decision in actions for name in decision} <= set(ACTIONS)
