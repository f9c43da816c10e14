"""The vendor proxies (contract, section 2.6)."""

import json
from typing import Any

import pytest
from conftest import Caller
from fake_inference import FakeInference, text_reply, tool_reply

from task_app.proxy_reply import interaction_in_text
from task_app.proxy_request import INTERACT, SYSTEM_HINT, vendor_request

VENDORS = [("/proxy/v1/chat/completions", "openai"), ("/proxy/groq/v1/chat/completions", "groq")]
BODY: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "play"}]}


def _keys(vendor: str) -> dict[str, Any]:
    return {f"{vendor}_api_key": f"{vendor}-key", f"{vendor}_base_url": "http://fake/v1/"}


@pytest.mark.parametrize(("path", "vendor"), VENDORS)
def test_a_proxy_relays_with_its_vendors_key(caller: Caller, fake: FakeInference, path: str, vendor: str) -> None:
    response = caller.post(path, BODY, **_keys(vendor))
    assert response.status_code == 200
    assert response.json()["choices"][0]["message"]["tool_calls"]
    assert fake.headers[0]["authorization"] == f"Bearer {vendor}-key"
    assert "x-api-key" not in fake.headers[0]


@pytest.mark.parametrize(("path", "vendor"), VENDORS)
def test_without_a_key_it_is_a_503(caller: Caller, path: str, vendor: str) -> None:
    response = caller.post(path, BODY)
    assert response.status_code == 503
    assert response.json()["detail"]["error"]["code"] == f"missing_{vendor}_api_key"


@pytest.mark.parametrize(("path", "vendor"), VENDORS)
def test_a_vendors_refusal_keeps_its_status(caller: Caller, fake: FakeInference, path: str, vendor: str) -> None:
    fake.play([429])
    response = caller.post(path, BODY, **_keys(vendor))
    assert response.status_code == 429
    error = response.json()["detail"]["error"]
    assert (error["code"], error["status"]) == (f"{vendor}_error", 429)
    assert error["body"] == {"error": {"message": "fake error 429"}}


def test_a_text_answer_becomes_a_tool_call(caller: Caller, fake: FakeInference) -> None:
    fake.play([text_reply('Sure: {"actions": ["do", "sleep"], "reasoning": "tired"}')])
    choice = caller.post("/proxy/v1/chat/completions", BODY, **_keys("openai")).json()["choices"][0]
    (call,) = choice["message"]["tool_calls"]
    assert (call["id"], call["function"]["name"]) == ("tool_interact_fallback", "interact")
    assert json.loads(call["function"]["arguments"]) == {"actions": ["do", "sleep"], "reasoning": "tired"}


def test_a_tool_call_is_left_alone(caller: Caller, fake: FakeInference) -> None:
    fake.play([tool_reply({"actions": ["do"]}, name="mine")])
    choice = caller.post("/proxy/v1/chat/completions", BODY, **_keys("openai")).json()["choices"][0]
    assert choice["message"]["tool_calls"][0]["function"]["name"] == "mine"


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ('{"actions": ["do"]}', {"actions": ["do"]}),
        ('{"action": "do"}', {"actions": ["do"]}),
        ('{"name": "interact", "arguments": {"actions": ["do"]}}', {"actions": ["do"]}),
        ('I go {"actions": ["sleep"]} now', {"actions": ["sleep"]}),
        ("Actions: move_left, do", {"actions": ["move_left", "do"]}),
        ("Action 1: do\nAction 2: sleep", {"actions": ["do", "sleep"]}),
        ("nothing here", None),
        ("{broken", None),
    ],
)
def test_interactions_are_found_in_text(text: str, arguments: dict[str, Any] | None) -> None:
    assert interaction_in_text(text) == arguments


def test_request_is_cleaned_and_completed_once() -> None:
    body = {**BODY, "thinking_mode": "think", "thinking_budget": 9, "stop_after_tool_calls": 1, "reasoning": {}}
    request = vendor_request(body)
    assert set(request) == {"model", "messages", "tools"}
    assert request["tools"] == [INTERACT]
    assert request["messages"][0] == {"role": "system", "content": SYSTEM_HINT}
    assert vendor_request(request)["messages"] == request["messages"], "the hint is appended once"
    assert len(body["messages"]) == 1, "the caller's body is left as it is"


def test_own_tools_and_system_message_are_kept() -> None:
    tools = [{"type": "function", "function": {"name": "other"}}]
    request = vendor_request({"messages": [{"role": "system", "content": "Rules."}], "tools": tools})
    assert request["tools"] == tools
    assert request["messages"] == [{"role": "system", "content": f"Rules.\n\n{SYSTEM_HINT}"}]


def test_gpt5_has_its_own_limits() -> None:
    request = vendor_request({**BODY, "model": "gpt-5-mini", "temperature": 0.2, "top_p": 0.9, "max_tokens": 50})
    assert not {"temperature", "top_p", "max_tokens"} & set(request)
    assert request["max_completion_tokens"] == 16000
    assert request["tool_choice"]["function"]["name"] == "interact"
    assert vendor_request({**BODY, "model": "gpt-5", "max_completion_tokens": 20000})["max_completion_tokens"] == 20000
