"""The HTTP API of a real application on a real model; only the network is left out."""

import asyncio
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch
from conftest import frozen, load_llama, spec_json, step_json
from fastapi.testclient import TestClient

from trainer.app import create_app
from trainer.frozen_base import FrozenBase
from trainer.settings import Settings, read_settings

KEY = "test-key"
HEADERS = {"Authorization": f"Bearer {KEY}"}


def settings_for(model_dir: Path, adapters: Path) -> Settings:
    return read_settings(
        {"MODEL": str(model_dir), "ADAPTERS_DIR": str(adapters), "TRAINER_API_KEY": KEY, "DEVICE": "cpu"}
    )


@pytest.fixture
def settings(model_dir: Path, tmp_path: Path) -> Settings:
    return settings_for(model_dir, tmp_path)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), headers=HEADERS, raise_server_exceptions=False) as client:
        wait_until_ready(client)
        yield client


def wait_until_ready(client: TestClient) -> None:
    deadline = time.monotonic() + 30
    while client.get("/ready").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_run_from_first_put_to_delete(client: TestClient, tmp_path: Path) -> None:
    assert client.get("/runs/a").status_code == 404
    created = client.put("/runs/a", json=spec_json())
    assert created.status_code == 200 and created.json()["created"] is True
    assert created.json()["adapter"] | {"digest": ""} == {
        "name": "a-v0", "version": 0, "path": str(tmp_path / "a-v0"), "digest": "",
    }  # fmt: skip
    assert client.put("/runs/a", json=spec_json()).json()["created"] is False
    result = client.post("/runs/a/steps", json=step_json(1))
    assert result.status_code == 200, result.text
    assert set(result.json()) == {
        "step", "adapter", "loss", "grad_norm", "mismatch", "clipped_share", "ratio_mean", "zero_advantage_samples",
        "foreign_samples", "staleness", "off_policy", "samples", "tokens", "seconds", "no_update",
    }  # fmt: skip
    assert set(result.json()["mismatch"]) == {"mean_abs_logprob_delta", "max_abs_logprob_delta", "kl", "mean_ratio"}
    assert set(result.json()["seconds"]) == {"forward", "backward", "optimizer", "save", "total"}
    state = client.get("/runs/a").json()
    assert state["step"] == 1 and state["cursor"] == {"iteration": 1} and state["adapter"] == result.json()["adapter"]
    assert state["last_step"]["loss"] == result.json()["loss"] and created.json()["last_step"] is None
    scored = client.post(
        "/runs/a/score", json={"adapter_version": 1, "sequences": [{"prompt_ids": [1], "completion_ids": [2, 3]}]}
    )
    assert [len(row) for row in scored.json()["logprobs"]] == [2]
    info = client.get("/info").json()
    assert info["device"] == "cpu" and info["dtype"] == "float32" and info["torch"] == torch.__version__
    assert info["runs"][0]["step"] == 1 and "dropout 0.05 is not applied" in info["runs"][0]["notes"][0]
    assert client.delete("/runs/a").status_code == 204
    assert client.get("/info").json()["runs"] == []
    assert client.get("/runs/a").json()["step"] == 1


def test_the_digest_on_disk_is_the_recorded_one_until_a_byte_changes(client: TestClient, tmp_path: Path) -> None:
    recorded = client.put("/runs/a", json=spec_json()).json()["adapter"]["digest"]
    assert client.get("/runs/a/adapters/0").json() == {"name": "a-v0", "digest": recorded}
    weights = tmp_path / "a-v0" / "adapter_model.safetensors"
    whole = weights.read_bytes()
    for torn in (whole[: len(whole) // 2], whole[:-1] + bytes([whole[-1] ^ 1])):
        weights.write_bytes(torn)
        assert client.get("/runs/a/adapters/0").json()["digest"] not in (recorded, None)
    weights.write_bytes(whole)
    assert client.get("/runs/a/adapters/0").json()["digest"] == recorded
    assert client.get("/runs/a/adapters/1").json() == {"name": "a-v1", "digest": None}
    assert client.get("/runs/a/adapters/-1").status_code == 422


def test_conflicts_say_what_was_expected(client: TestClient) -> None:
    client.put("/runs/a", json=spec_json())
    other = client.put("/runs/a", json=spec_json("grpo"))
    assert other.status_code == 409 and "algorithm.kind gspo -> grpo" in other.json()["detail"]
    wrong = client.post("/runs/a/steps", json=step_json(3))
    assert wrong.status_code == 409 and wrong.json()["expected_step"] == 1
    stale = client.post(
        "/runs/a/score", json={"adapter_version": 4, "sequences": [{"prompt_ids": [1], "completion_ids": [2]}]}
    )
    assert stale.status_code == 409 and stale.json()["current_version"] == 0


def changed(path: list[Any], value: Any, body: dict[str, Any]) -> dict[str, Any]:
    target: Any = body
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return body


@pytest.mark.parametrize(
    "path, value, expected",
    [
        (["samples", 3, "advantage"], "high", "samples[3].advantage"),
        (["samples", 0, "completion_ids"], [], "samples[0].completion_ids"),
        (
            ["samples", 0, "sampler_logprobs"],
            [-1.0] * 9,
            "samples[0]: sampler_logprobs has 9 values for 1 completion tokens",
        ),
        (["samples", 0, "sampler_logprobs"], [0.5], "samples[0].sampler_logprobs[0]"),
        (["samples", 0, "loss_mask"], [False], "samples[0]: loss_mask leaves no token to learn from"),
        (["samples", 1, "id"], "s0", "two samples have the id 's0'"),
        (["samples", 2, "prompt_ids", 0], -1, "samples[2].prompt_ids[0]"),
        (["samples", 2, "prompt_ids", 0], 48, "sample s2 has the token id 48"),
        (["samples", 2, "prompt_ids", 0], 1.5, "samples[2].prompt_ids[0]"),
        (["temperature"], 0.0, "temperature"),
        (["samples"], [], "samples"),
        (["temprature"], 1.0, "temprature: is no known key"),
    ],
)
def test_bad_bodies_are_422_with_the_place(client: TestClient, path: list[Any], value: Any, expected: str) -> None:
    client.put("/runs/a", json=spec_json())
    answer = client.post("/runs/a/steps", json=changed(path, value, step_json(1)))
    assert answer.status_code == 422 and answer.json()["error"] == "invalid_request"
    assert expected in answer.json()["detail"]
    assert client.get("/runs/a").json()["step"] == 0


def test_numbers_that_json_should_not_hold_are_422(client: TestClient) -> None:
    client.put("/runs/a", json=spec_json())
    body = httpx.Request("POST", "http://x", json=step_json(1)).content.replace(
        b'"advantage":1.0', b'"advantage":NaN', 1
    )
    answer = client.post("/runs/a/steps", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422 and "samples[1].advantage" in answer.json()["detail"]


def test_a_missing_key_and_a_bad_name_are_422(client: TestClient) -> None:
    body = spec_json()
    del body["seed"]
    answer = client.put("/runs/a", json=body)
    assert answer.status_code == 422 and answer.json()["detail"] == "seed: is missing"
    assert client.put("/runs/Bad_Name", json=spec_json()).status_code == 422
    assert client.put("/runs/a", json=spec_json(lora={"target_modules": ["nope"]})).status_code == 422


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer other"}, {"Authorization": KEY}])
def test_only_probes_and_metrics_are_open(settings: Settings, header: dict[str, str]) -> None:
    with TestClient(create_app(settings), headers=header) as client:
        wait_until_ready(client)
        assert client.get("/health").json() == {"status": "ok"}
        assert client.get("/metrics").status_code == 200
        for method, path in (("GET", "/info"), ("PUT", "/runs/a"), ("GET", "/runs/a"), ("POST", "/runs/a/steps")):
            assert client.request(method, path, content=b"{").status_code == 401
        assert KEY not in client.get("/info").text


def test_not_ready_before_the_model_is_loaded_and_healthy_all_along(settings: Settings, base: FrozenBase) -> None:
    read = threading.Event()

    def slow(_: Settings) -> FrozenBase:
        read.wait()
        return base

    with TestClient(create_app(settings, load=slow), headers=HEADERS) as client:
        try:
            assert client.get("/ready").status_code == 503
            assert client.get("/health").status_code == 200
            assert client.put("/runs/a", json=spec_json()).json()["error"] == "not_ready"
        finally:
            read.set()
        wait_until_ready(client)
        assert client.put("/runs/a", json=spec_json()).status_code == 200


def test_a_model_that_does_not_load_is_fatal(settings: Settings) -> None:
    failures: list[BaseException] = []

    def broken(_: Settings) -> FrozenBase:
        raise OSError("no such weights")

    with TestClient(create_app(settings, load=broken, on_fatal=failures.append), headers=HEADERS) as client:
        deadline = time.monotonic() + 5
        while not failures and time.monotonic() < deadline:
            time.sleep(0.01)
        assert client.get("/ready").status_code == 503
    assert [str(error) for error in failures] == ["no such weights"]


def test_metrics_follow_the_steps(client: TestClient) -> None:
    client.put("/runs/a", json=spec_json())
    result = client.post("/runs/a/steps", json=step_json(1)).json()
    client.post("/runs/a/steps", json=step_json(1))
    text = client.get("/metrics").text
    assert "rewardlab_trainer_ready 1.0" in text
    assert 'rewardlab_trainer_steps_total{outcome="updated",run="a"} 1.0' in text, "a repeated step is no second step"
    assert (
        f'rewardlab_trainer_tokens_total{{kind="completion",run="a"}} {float(result["tokens"]["completion"])}' in text
    )
    assert 'rewardlab_trainer_step_seconds_count{phase="total",run="a"} 1.0' in text


def test_steps_of_several_runs_take_turns_while_health_answers(model_dir: Path, tmp_path: Path) -> None:
    """Three runs post at once, each its next step when it has the last one's answer: nobody gets ahead by more than
    one, and the event loop never waits for the model."""
    order: list[str] = []
    seconds: list[float] = []
    answers: list[float] = []

    async def drive() -> None:
        app = create_app(settings_for(model_dir, tmp_path))
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://t", headers=HEADERS, timeout=60
            ) as client:
                while (await client.get("/ready")).status_code != 200:
                    await asyncio.sleep(0.02)

                async def run(name: str) -> None:
                    for step in range(1, 4):
                        body = step_json(step, count=24, length=60)
                        answer = await client.post(f"/runs/{name}/steps", json=body)
                        assert answer.status_code == 200
                        order.append(name)
                        seconds.append(answer.json()["seconds"]["total"])

                names = ["a", "b", "c"]
                for name in names:
                    await client.put(f"/runs/{name}", json=spec_json(micro_batch=1))
                tasks = [asyncio.create_task(run(name)) for name in names]
                while not all(task.done() for task in tasks):
                    begun = time.perf_counter()
                    assert (await client.get("/health")).status_code == 200
                    answers.append(time.perf_counter() - begun)
                    await asyncio.sleep(0.01)
                await asyncio.gather(*tasks)

    asyncio.run(drive())
    assert len(order) == 9
    for done in range(3, 10, 3):
        assert sorted(order[:done]) == sorted(["a", "b", "c"] * (done // 3))
    # A loop that waits for steps answers at the end of one: every answer takes as long. How long that is depends on the
    # machine, and a busy one delays any single answer.
    assert statistics.median(answers) < statistics.median(seconds) / 4, f"health took {answers} s, steps {seconds}"


def test_an_unexpected_error_is_500_with_its_reason_and_the_run_goes_on(settings: Settings, model_dir: Path) -> None:
    model = load_llama(model_dir)
    base = frozen(model)
    forward, calls = base.backbone.forward, 0

    def failing(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise ValueError("the third wheel came off")
        return forward(*args, **kwargs)

    with TestClient(
        create_app(settings, load=lambda _: base), headers=HEADERS, raise_server_exceptions=False
    ) as client:
        wait_until_ready(client)
        client.put("/runs/a", json=spec_json())
        base.backbone.forward = failing  # type: ignore[method-assign]
        answer = client.post("/runs/a/steps", json=step_json(1))
        assert answer.status_code == 500
        assert answer.json()["detail"] == "step 1 was not taken: ValueError: the third wheel came off"
        assert client.get("/runs/a").json()["step"] == 0
        assert client.post("/runs/a/steps", json=step_json(1)).status_code == 200
        assert 'rewardlab_trainer_steps_total{outcome="failed",run="a"} 1.0' in client.get("/metrics").text
