"""What leaves the node: an adapter version's files and the newest checkpoint, whole and with their digests."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import spec_json, step_json
from fastapi.testclient import TestClient
from test_app import HEADERS, settings_for, wait_until_ready

from trainer.app import create_app
from trainer.digest import digest_text


@pytest.fixture
def client(model_dir: Path, tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(create_app(settings_for(model_dir, tmp_path)), headers=HEADERS) as client:
        wait_until_ready(client)
        client.put("/runs/a", json=spec_json())
        for step in (1, 2):
            assert client.post("/runs/a/steps", json=step_json(step)).status_code == 200
        yield client


def test_a_versions_files_are_its_folders_and_their_digests_make_the_recorded_one(
    client: TestClient, tmp_path: Path
) -> None:
    listing = client.get("/runs/a/adapters/1/files").json()
    assert listing["version"] == 1
    assert [file["name"] for file in listing["files"]] == ["adapter_config.json", "adapter_model.safetensors"]
    for file in listing["files"]:
        sent = client.get(f"/runs/a/adapters/1/files/{file['name']}").content
        assert sent == (tmp_path / "a-v1" / file["name"]).read_bytes()
        assert (len(sent), hashlib.sha256(sent).hexdigest()) == (file["size"], file["sha256"])
    lines = "".join(f"{file['sha256']}  {file['name']}\n" for file in listing["files"])
    assert digest_text(lines) == client.get("/runs/a/adapters/1").json()["digest"]


def test_the_checkpoint_is_the_newest_one_and_a_run_can_go_on_from_it(
    client: TestClient, model_dir: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    listing = client.get("/runs/a/checkpoint/files").json()
    [file] = listing["files"]
    assert (listing["version"], file["name"]) == (2, "step-00000002.safetensors")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "state" / "a").mkdir(parents=True)
    sent = client.get(f"/runs/a/checkpoint/files/{file['name']}").content
    (elsewhere / "state" / "a" / file["name"]).write_bytes(sent)
    with TestClient(create_app(settings_for(model_dir, elsewhere)), headers=HEADERS) as other:
        wait_until_ready(other)
        assert other.get("/runs/a").json()["step"] == 2
        third = other.post("/runs/a/steps", json=step_json(3)).json()["adapter"]["digest"]
    assert third == client.post("/runs/a/steps", json=step_json(3)).json()["adapter"]["digest"]


@pytest.mark.parametrize(
    "path",
    [
        "adapters/9/files",
        "adapters/1/files/none",
        "adapters/1/files/..%2Fa-v1.sha256",
        "checkpoint/files/step-00000001.safetensors",
    ],
)
def test_what_is_not_there_or_not_in_the_folder_is_404(client: TestClient, path: str) -> None:
    assert client.get(f"/runs/a/{path}").status_code == 404
    assert client.get("/runs/b/checkpoint/files").status_code == 404


def test_strangers_get_no_file(client: TestClient) -> None:
    for path in ("adapters/1/files", "checkpoint/files", "adapters/1/files/adapter_config.json"):
        assert client.get(f"/runs/a/{path}", headers={"Authorization": "Bearer other"}).status_code == 401
