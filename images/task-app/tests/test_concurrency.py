"""Rollouts side by side: none waits for another's turn, and their model calls share connections that stay open."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import httpx
import uvicorn
from conftest import HEADERS, Caller, rollout_body, settings_for_tests
from fake_inference import FakeInference

from task_app.app import create_app

TURNS, EPISODES = 6, 12


@contextmanager
def served(fake: FakeInference) -> Iterator[int]:
    """The fake on a port of the system's choice: real sockets, which ASGI's shortcut has none of."""
    server = uvicorn.Server(uvicorn.Config(fake.app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


def test_model_calls_share_connections_that_stay_open() -> None:
    fake = FakeInference()
    fake.seconds = 0.02

    async def play(port: int) -> None:
        app = create_app(settings_for_tests())
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://task-app", headers=HEADERS, timeout=60) as client,
            anyio.create_task_group() as group,
        ):
            for number in range(EPISODES):
                body = rollout_body(turns=TURNS, inference_url=f"http://127.0.0.1:{port}/v1")
                group.start_soon(post, client, {**body, "run_id": f"r{number}"})

    async def post(client: httpx.AsyncClient, body: dict[str, object]) -> None:
        (await client.post("/rollout", json=body)).raise_for_status()

    with served(fake) as port:
        anyio.run(play, port)
    assert len(fake.requests) == EPISODES * TURNS
    assert len(fake.connections) <= EPISODES, "one connection for each call in flight, and none for each call"


def test_a_rollout_whose_model_does_not_answer_holds_up_nobody(caller: Caller, fake: FakeInference) -> None:
    async def call(client: httpx.AsyncClient) -> None:
        fake.held["slow"] = asyncio.Event()
        done: list[str] = []

        async def play(model: str, number: int) -> None:
            body = {**rollout_body(turns=TURNS, model=model), "run_id": f"{model}-{number}"}
            (await client.post("/rollout", json=body)).raise_for_status()
            done.append(model)

        async with anyio.create_task_group() as group:
            group.start_soon(play, "slow", 0)
            with anyio.fail_after(60):
                async with anyio.create_task_group() as others:
                    for number in range(EPISODES):
                        others.start_soon(play, "run-v0", number)
            assert done == ["run-v0"] * EPISODES
            fake.held["slow"].set()
        assert done[-1] == "slow"

    # Fewer slots than rollouts: the slow one keeps one of them, and the others take turns in the rest.
    caller.run(call, max_concurrent_rollouts=3)
