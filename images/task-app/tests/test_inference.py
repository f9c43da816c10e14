"""The client towards inference servers: bounded retries and the right key (contract, section 3.4)."""

import time

import anyio
import httpx
import pytest
from conftest import Caller, rollout_body, settings_for_tests
from fake_inference import FakeInference, tool_reply

from task_app.errors import RolloutError
from task_app.inference import InferenceClient
from task_app.settings import Settings
from task_app.tokens import token_fields

URL = "http://fake/v1/chat/completions"
OK = tool_reply({"actions": ["noop"]})


def _complete(settings: Settings, transport: httpx.AsyncBaseTransport, url: str = URL) -> dict[str, object]:
    async def main() -> dict[str, object]:
        client = InferenceClient(settings, transport)
        try:
            return await client.complete(url, {"model": "m", "messages": []}, "crafter-react")
        finally:
            await client.close()

    return anyio.run(main)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_failure_is_retried(caller: Caller, fake: FakeInference, status: int) -> None:
    fake.play([status, status, OK])
    response = caller.post("/rollout", rollout_body(turns=1))
    assert response.status_code == 200
    assert len(fake.requests) == 3
    assert fake.requests[0] == fake.requests[2], "the retry asks for the same sample"


def test_retries_are_bounded_and_the_failure_says_what_the_server_said(caller: Caller, fake: FakeInference) -> None:
    fake.play([503])
    response = caller.post("/rollout", rollout_body(turns=1), inference_max_retries=2)
    assert response.status_code == 500
    detail = response.json()["detail"]
    assert detail.startswith("policy_step_failed: inference server failed after 3 attempts")
    assert "answered 503" in detail
    assert "fake error 503" in detail
    assert len(fake.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_a_refusal_is_not_retried(caller: Caller, fake: FakeInference, status: int) -> None:
    fake.play([status])
    response = caller.post("/rollout", rollout_body(turns=1))
    assert response.status_code == 500
    assert f"answered {status}" in response.json()["detail"]
    assert len(fake.requests) == 1


def test_total_time_is_bounded() -> None:
    fake = FakeInference([503])
    settings = settings_for_tests(
        inference_total_s=0.6, inference_first_delay_s=0.05, inference_max_delay_s=0.05, inference_max_retries=1000
    )
    start = time.monotonic()
    with pytest.raises(RolloutError, match="after"):
        _complete(settings, httpx.ASGITransport(fake.app))
    assert time.monotonic() - start < 5
    assert 1 < len(fake.requests) < 20


def test_a_server_that_is_not_there_is_named_without_its_query() -> None:
    settings = settings_for_tests(inference_max_retries=1)
    url = "http://127.0.0.1:18199/v1/chat/completions?cid=secret"
    with pytest.raises(RolloutError, match=r"127\.0\.0\.1:18199") as raised:
        _complete(settings, httpx.AsyncHTTPTransport(), url)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        (URL, "Bearer synth"),
        ("https://api.openai.com/v1/chat/completions", "Bearer openai"),
        ("https://api.groq.com/v1/chat/completions", "Bearer groq"),
        ("https://openai.com.example/v1/chat/completions", "Bearer synth"),
        ("http://task-app/proxy/v1/chat/completions", None),
    ],
)
def test_keys_go_to_their_own_host_only(url: str, key: str | None) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"choices": [{"message": OK}]})

    settings = settings_for_tests(synth_api_key="synth", openai_api_key="openai", groq_api_key="groq")
    _complete(settings, httpx.MockTransport(answer), url)
    assert seen[0].headers.get("authorization") == key
    assert seen[0].headers["x-policy-name"] == "crafter-react"


@pytest.mark.parametrize("body", [b"not json", b"[]", b'{"choices": []}'])
def test_an_answer_that_is_no_completion_is_refused(body: bytes) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=body))
    with pytest.raises(RolloutError, match="no completion"):
        _complete(settings_for_tests(), transport)


@pytest.mark.parametrize(
    "broken",
    [
        {"prompt_token_ids": None},
        {"choices": [{"token_ids": [1], "logprobs": {"content": [{"logprob": -1.0}, {"logprob": -1.0}]}}]},
        {"choices": [{"token_ids": [1, 2], "logprobs": {"content": [{"logprob": -1.0}, {"logprob": None}]}}]},
        {"choices": [{"token_ids": [1, 2], "logprobs": {"content": [{"logprob": -1.0}, {"logprob": float("nan")}]}}]},
        {"choices": [{"token_ids": [1, 2], "logprobs": None}]},
    ],
)
def test_half_an_answer_has_no_tokens(broken: dict[str, object]) -> None:
    whole = {
        "prompt_token_ids": [9],
        "choices": [{"token_ids": [1, 2], "logprobs": {"content": [{"logprob": -1.0}, {"logprob": -2.0}]}}],
    }
    assert token_fields(whole)["completion_logprobs"] == [-1.0, -2.0]
    assert set(token_fields({**whole, **broken}).values()) == {None}
