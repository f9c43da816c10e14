"""Two real servers in their own processes, a real fake inference server, real sockets."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from conftest import HEADERS, KEY, rollout_body

ROOT = Path(__file__).parents[1]
FAKE_PORT, PORTS = 18100, (18101, 18102)


@contextmanager
def _process(*arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    env = {"NUMBA_CACHE_DIR": os.environ.get("NUMBA_CACHE_DIR", ""), **variables}
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _wait(url: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server on {url} ended"
        try:
            if httpx.get(url, timeout=2).status_code < 500:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"nothing answers on {url}")


def test_two_servers_play_the_same_episode_through_a_real_network() -> None:
    body = rollout_body(turns=5, inference_url=f"http://127.0.0.1:{FAKE_PORT}/v1?cid=c1")
    with ExitStack() as stack:
        fake = stack.enter_context(_process("tests/fake_inference.py", "--port", str(FAKE_PORT)))
        apps = [
            stack.enter_context(
                _process(
                    "-m",
                    "task_app",
                    TASKAPP_PORT=str(port),
                    TASKAPP_HOST="127.0.0.1",
                    ENVIRONMENT_API_KEY=KEY,
                    PYTHONHASHSEED=str(port),
                )
            )
            for port in PORTS
        ]
        _wait(f"http://127.0.0.1:{FAKE_PORT}/docs", fake)
        details = []
        for port, app in zip(PORTS, apps, strict=True):
            _wait(f"http://127.0.0.1:{port}/", app)
            response = httpx.post(f"http://127.0.0.1:{port}/rollout", json=body, headers=HEADERS, timeout=30)
            assert response.status_code == 200, response.text
            details.append(response.json()["metrics"]["details"]["rewardlab"])
        assert details[0] == details[1]
        assert details[0]["decisions"] == 5


def test_a_bad_setting_ends_the_server_with_78_and_names_the_variable() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "task_app"],
        cwd=ROOT,
        env={"TASKAPP_PORT": "x"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 78
    assert "TASKAPP_PORT" in done.stderr
