"""Both layers of authentication (contract, section 2.2), and that no key shows through."""

from typing import Any

import httpx
import pytest
from conftest import ALIAS, KEY, Caller, rollout_body

PROTECTED = [
    ("GET", "/health"),
    ("GET", "/info"),
    ("GET", "/task_info"),
    ("GET", "/debug/env"),
    ("GET", "/run/status/x"),
    ("POST", "/rollout"),
    ("POST", "/run/abort"),
    ("POST", "/proxy/v1/chat/completions"),
    ("POST", "/proxy/groq/v1/chat/completions"),
    *[("POST", f"/{name}") for name in ("create", "reset", "step", "snapshot", "restore", "terminate")],
]


def _ask(caller: Caller, headers: dict[str, str], path: str = "/info", **changes: Any) -> httpx.Response:
    async def call(client: httpx.AsyncClient) -> httpx.Response:
        del client.headers["X-API-Key"]
        return await client.get(path, headers=headers)

    return caller.run(call, **changes)


def test_every_route_but_the_root_needs_a_key(caller: Caller) -> None:
    async def call(client: httpx.AsyncClient) -> None:
        del client.headers["X-API-Key"]
        for method, path in PROTECTED:
            response = await client.request(method, path, json={})
            assert response.status_code == 400, (method, path)
            assert response.json()["detail"]["error"]["code"] == "unauthorised"
        for method in ("GET", "HEAD"):
            assert (await client.request(method, "/")).status_code == 200
        assert (await client.get("/")).json() == {"status": "ok", "service": "grpo-crafter-task-app"}

    caller.run(call)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": KEY},
        {"X-API-Key": ALIAS},
        {"X-API-Key": f"wrong, {KEY}"},
        {"X-API-Keys": f"wrong,{ALIAS}"},
        {"Authorization": f"Bearer {KEY}"},
        {"Authorization": f"bearer wrong,{ALIAS}"},
    ],
)
def test_any_matching_key_in_any_header_passes(caller: Caller, headers: dict[str, str]) -> None:
    assert _ask(caller, headers).status_code == 200


@pytest.mark.parametrize(
    "headers", [{"X-API-Key": "wrong"}, {"X-API-Key": KEY[:-1]}, {"Authorization": f"Basic {KEY}"}, {"X-API-Key": "ä"}]
)
def test_a_wrong_key_is_a_400_that_says_nothing_of_keys(caller: Caller, headers: dict[str, str]) -> None:
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    response = _ask(caller, encoded)  # type: ignore[arg-type]
    assert response.status_code == 400
    assert KEY[:4] not in response.text
    assert set(response.json()["detail"]["error"]) == {"code", "message"}


def test_no_configured_key_is_a_503(caller: Caller) -> None:
    response = _ask(caller, {"X-API-Key": KEY}, environment_api_key=None)
    assert response.status_code == 503
    assert response.json()["detail"]["error"]["code"] == "missing_environment_api_key"


def test_the_dev_key_is_a_server_key_too(caller: Caller) -> None:
    changes = {"environment_api_key": None, "dev_environment_api_key": "dev-key"}
    assert _ask(caller, {"X-API-Key": "dev-key"}, **changes).status_code == 200


def test_rollout_wants_the_exact_key_in_x_api_key(caller: Caller) -> None:
    async def call(client: httpx.AsyncClient) -> None:
        del client.headers["X-API-Key"]
        for headers in ({"X-API-Key": ALIAS}, {"Authorization": f"Bearer {KEY}"}, {"X-API-Key": f"{KEY},x"}):
            response = await client.post("/rollout", json=rollout_body(), headers=headers)
            assert response.status_code == 401, headers
            assert isinstance(response.json()["detail"], str)
            assert KEY[:4] not in response.text

    caller.run(call)


def test_debug_and_health_show_no_part_of_a_key(caller: Caller) -> None:
    debug = caller.get("/debug/env", openai_api_key="sk-openai-secret")
    assert debug.json() == {
        "has_ENVIRONMENT_API_KEY": True,
        "OPENAI_API_KEY_prefix": "<set>",
        "GROQ_API_KEY_prefix": None,
    }
    health = caller.get("/health").json()
    assert health == {"healthy": True, "auth": {"required": True, "expected_prefix": "<set>"}}
