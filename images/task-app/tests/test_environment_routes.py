"""Environments without a policy (contract, sections 2.1 and 3.7)."""

from typing import Any

import httpx
from conftest import Caller


async def _post(client: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    response = await client.post(path, json=body)
    assert response.status_code == 200, response.text
    return response.json()


def _play(*actions: str) -> list[dict[str, Any]]:
    return [{"tool": "interact_many", "args": {"actions": list(actions)}}]


def test_create_step_reset_terminate(caller: Caller) -> None:
    async def call(client: httpx.AsyncClient) -> None:
        created = await _post(client, "/create", env_name="Crafter", seed=4, rl_run_id="r")
        env_id, beginning = created["env_id"], created["observation"]
        assert created["step_idx"] == 0
        stepped = await _post(client, "/step", env_id=env_id, tool_calls=_play(*["do"] * 20))
        assert (stepped["done"], stepped["truncated"], stepped["reward"], stepped["step_idx"]) == (False, None, 1.0, 20)
        assert stepped["info"]["achievements_added"] == ["collect_sapling"]
        assert stepped["observation"]["achievements_status"]["collect_sapling"] is True
        assert stepped["observation"]["num_steps_taken"] == 20
        again = await _post(client, "/reset", env_id=env_id)
        assert again["observation"] == beginning
        other = await _post(client, "/reset", env_id=env_id, seed=5)
        assert other["observation"]["semantic_map"] != beginning["semantic_map"]
        assert await _post(client, "/terminate", env_id=env_id) == {"ok": True}
        assert (await client.post("/step", json={"env_id": env_id, "tool_calls": _play("do")})).status_code == 404

    caller.run(call)


def test_observation_has_the_contracts_keys(caller: Caller) -> None:
    observation = caller.post("/create", {"env_name": "crafter", "rl_run_id": "r"}).json()["observation"]
    assert set(observation) == {
        "inventory",
        "achievements_status",
        "player_position",
        "player_direction",
        "semantic_map",
        "semantic_map_patch7",
        "num_steps_taken",
        "max_steps_episode",
        "error_info",
        "reward_last_step",
        "total_reward_episode",
        "terminated",
        "truncated",
    }
    assert (len(observation["semantic_map"]), len(observation["semantic_map_patch7"])) == (64, 7)
    assert observation["semantic_map_patch7"][3][3] == 13, "the player stands in the middle"
    assert len(observation["achievements_status"]) == 22


def test_a_restored_snapshot_goes_on_like_the_original(caller: Caller) -> None:
    async def call(client: httpx.AsyncClient) -> None:
        env_id = (await _post(client, "/create", env_name="crafter", seed=6, rl_run_id="r"))["env_id"]
        await _post(client, "/step", env_id=env_id, tool_calls=_play("move_left", "move_up"))
        kept = await _post(client, "/snapshot", env_id=env_id)
        assert kept["rl_run_id"] == "r"
        assert kept["size"] > 1000
        restored = await _post(client, "/restore", snapshot_id=kept["snapshot_id"])
        assert restored["env_id"] != env_id
        assert restored["step_idx"] == 2
        walk = _play(*["move_right", "do", "move_down"] * 6)
        left = await _post(client, "/step", env_id=env_id, tool_calls=walk)
        right = await _post(client, "/step", env_id=restored["env_id"], tool_calls=walk)
        assert left["observation"] == right["observation"]
        assert (await client.post("/restore", json={"snapshot_id": "gone"})).status_code == 404

    caller.run(call)


def test_live_environments_are_bounded(caller: Caller) -> None:
    async def call(client: httpx.AsyncClient) -> None:
        body = {"env_name": "crafter", "rl_run_id": "r"}
        assert [(await client.post("/create", json=body)).status_code for _ in range(3)] == [200, 200, 503]

    caller.run(call, max_live_envs=2)


def test_other_environments_and_empty_steps_are_refused(caller: Caller) -> None:
    assert caller.post("/create", {"env_name": "wordle", "rl_run_id": "r"}).status_code == 422
    assert caller.post("/step", {"env_id": "x", "tool_calls": []}).status_code == 422
