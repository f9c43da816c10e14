"""kill -9 of a real server in the middle of a step, a restart, and the result of a run that was never disturbed."""

import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkProcess
from pathlib import Path

import httpx
from conftest import make_spec, spec_json, step_json

from trainer.__main__ import main
from trainer.run import Place
from trainer.runs import Runs
from trainer.schemas import StepRequest

KEY = "kill-test-key"


# A copy of this process has loaded what a new one loads in six seconds; from there on both are the same program.
FORK = multiprocessing.get_context("fork")


def serve(environment: dict[str, str], log: Path) -> None:
    with log.open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    os.environ.clear()
    os.environ.update(environment)
    sys.exit(main())


@contextmanager
def server(model_dir: Path, adapters: Path, port: int) -> Iterator[tuple[ForkProcess, httpx.Client]]:
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(adapters), "OMP_NUM_THREADS": "1", "MODEL": str(model_dir),
        "ADAPTERS_DIR": str(adapters), "TRAINER_API_KEY": KEY, "DEVICE": "cpu", "HOST": "127.0.0.1", "PORT": str(port),
    }  # fmt: skip
    process = FORK.Process(target=serve, args=(environment, adapters.parent / f"server-{adapters.name}.log"))
    process.start()
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {KEY}"}, timeout=60)
    try:
        deadline = time.monotonic() + 90
        while True:
            assert process.is_alive() and time.monotonic() < deadline
            try:
                if client.get("/ready").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        yield process, client
    finally:
        client.close()
        process.terminate()
        process.join(timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_killed_server_comes_back_and_repeats_the_step_identically(
    runs: Runs, place: Place, model_dir: Path, tmp_path: Path
) -> None:
    spec = spec_json(micro_batch=1)
    bodies = {1: step_json(1), 2: step_json(2, count=200, length=90), 3: step_json(3)}
    runs.put("a", make_spec(micro_batch=1))
    expected = {step: runs.step("a", StepRequest.model_validate(body)) for step, body in bodies.items()}

    adapters = tmp_path / "served"
    adapters.mkdir()
    port = free_port()
    with server(model_dir, adapters, port) as (process, client):
        assert client.put("/runs/a", json=spec).json()["created"] is True
        assert client.post("/runs/a/steps", json=bodies[1]).status_code == 200
        outcome: list[object] = []

        def post() -> None:
            try:
                outcome.append(
                    httpx.post(
                        f"http://127.0.0.1:{port}/runs/a/steps", json=bodies[2], headers=client.headers, timeout=60
                    )
                )
            except httpx.TransportError as error:
                outcome.append(error)

        thread = threading.Thread(target=post)
        thread.start()
        while "rewardlab_trainer_requests_waiting 1.0" not in client.get("/metrics").text:
            assert thread.is_alive(), outcome
        time.sleep(0.2)
        process.kill()
        thread.join()
        assert isinstance(outcome[0], httpx.TransportError), "the step ended before the kill"
        process.join(timeout=30)
        assert process.exitcode == -signal.SIGKILL
    assert not (adapters / "a-v2").exists()

    with server(model_dir, adapters, port) as (_, client):
        state = client.put("/runs/a", json=spec).json()
        assert (state["created"], state["step"], state["cursor"]) == (False, 1, {"iteration": 1})
        assert state["adapter"]["digest"] == expected[1].adapter.digest
        for step in (2, 3):
            result = client.post("/runs/a/steps", json=bodies[step]).json()
            assert result["adapter"]["digest"] == expected[step].adapter.digest
            for number in ("loss", "grad_norm", "ratio_mean", "mismatch"):
                assert result[number] == expected[step].model_dump()[number]
