"""What the tests share: an app with keys, wired to a fake inference server in the same process."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import anyio
import httpx
import pytest
from fake_inference import FakeInference
from fastapi import FastAPI

from task_app.app import create_app
from task_app.settings import Settings

KEY = "environment-key-for-tests"
ALIAS = "alias-key-for-tests"
HEADERS = {"X-API-Key": KEY}


def settings_for_tests(**changes: Any) -> Settings:
    values: dict[str, Any] = {
        "environment_api_key": KEY,
        "environment_api_key_aliases": f" {ALIAS} ,other",
        "synth_api_key": "synth-key-for-tests",
        "inference_first_delay_s": 0.001,
        "inference_max_delay_s": 0.002,
        "world_makers": 0,
    }
    return Settings(**{**values, **changes})


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tester's own keys must not change a test."""
    for field in Settings.model_fields.values():
        alias = field.validation_alias
        for name in getattr(alias, "choices", [alias]):
            monkeypatch.delenv(str(name), raising=False)


@pytest.fixture
def fake() -> FakeInference:
    return FakeInference()


class CurrentFake(httpx.AsyncBaseTransport):
    """The way to the fake inference server of the test that runs."""

    target: httpx.ASGITransport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self.target.handle_async_request(request)


CURRENT_FAKE = CurrentFake()


@cache
def app_with(changes: tuple[tuple[str, Any], ...]) -> FastAPI:
    """Building the routes takes 0.1 s, so apps of equal settings are one; each lifespan makes its services anew."""
    return create_app(settings_for_tests(**dict(changes)), transport=CURRENT_FAKE)


class Caller:
    """Calls the app from plain test functions; one event loop a test."""

    def __init__(self, fake: FakeInference) -> None:
        self._fake = fake

    @asynccontextmanager
    async def client(self, **changes: Any) -> AsyncIterator[httpx.AsyncClient]:
        CURRENT_FAKE.target = httpx.ASGITransport(self._fake.app)
        app = app_with(tuple(changes.items()))
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://task-app", headers=HEADERS) as client,
        ):
            yield client

    def run(self, function: Callable[[httpx.AsyncClient], Any], **changes: Any) -> Any:
        """Run an async function of a client against a fresh app."""

        async def main() -> Any:
            async with self.client(**changes) as client:
                return await function(client)

        return anyio.run(main)

    def post(self, path: str, body: dict[str, Any], **changes: Any) -> httpx.Response:
        async def call(client: httpx.AsyncClient) -> httpx.Response:
            return await client.post(path, json=body)

        return self.run(call, **changes)

    def get(self, path: str, **changes: Any) -> httpx.Response:
        async def call(client: httpx.AsyncClient) -> httpx.Response:
            return await client.get(path)

        return self.run(call, **changes)


@pytest.fixture
def caller(fake: FakeInference) -> Caller:
    return Caller(fake)


def rollout_body(turns: int = 2, **policy_config: Any) -> dict[str, Any]:
    """A request as the runner sends it."""
    config = {
        "model": "run-v0",
        "inference_url": "http://fake/v1",
        "max_llm_calls": turns,
        "trace_correlation_id": "cid-1",
        "return_tokens": True,
        "tool_choice": "auto",
        "sampler_seed": 5,
        **policy_config,
    }
    return {
        "run_id": "episode-1",
        "mode": "rl",
        "env": {"env_name": "crafter", "seed": 4, "config": {}},
        "policy": {"policy_name": "crafter-react", "config": config},
        "ops": ["agent", "env"] * turns,
        "record": {"trace_format": "none"},
    }
