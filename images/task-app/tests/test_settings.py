"""Settings come from the environment alone (contract, section 7)."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from task_app.settings import Settings


def _settings(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Settings()


def test_keys_and_aliases(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _settings(monkeypatch, ENVIRONMENT_API_KEY=" a ", ENVIRONMENT_API_KEY_ALIASES="b, c,,")
    assert (settings.primary_keys, settings.accepted_keys) == (("a",), ("a", "b", "c"))
    assert "a" not in repr(settings.environment_api_key)


@pytest.mark.parametrize("name", ["dev_environment_api_key", "DEV_ENVIRONMENT_API_KEY"])
def test_dev_key_in_either_spelling(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert _settings(monkeypatch, **{name: "dev"}).primary_keys == ("dev",)


def test_aliases_alone_configure_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _settings(monkeypatch, ENVIRONMENT_API_KEY="", ENVIRONMENT_API_KEY_ALIASES="b").accepted_keys == ()


@pytest.mark.parametrize(("value", "on"), [("1", True), ("YES", True), ("t", True), ("0", False), ("maybe", False)])
def test_tracing_flag(monkeypatch: pytest.MonkeyPatch, value: str, on: bool) -> None:
    settings = _settings(monkeypatch, TASKAPP_TRACING_ENABLED=value)
    assert (settings.trace_db is not None) is on


def test_trace_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKAPP_TRACING_ENABLED", "1")
    assert Settings().trace_db == Path("traces/v3/synth_ai.db")
    monkeypatch.setenv("SQLD_DB_PATH", "/data/x.db")
    assert Settings().trace_db == Path("/data/x.db")
    monkeypatch.setenv("TURSO_LOCAL_DB_URL", "sqlite+aiosqlite:////data/y.db")
    assert Settings().trace_db == Path("/data/y.db")
    monkeypatch.setenv("TURSO_LOCAL_DB_URL", "http://127.0.0.1:8080")
    with pytest.raises(ValueError, match="SQLite"):
        _ = Settings().trace_db


def test_sft_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().sft_dir is None
    assert _settings(monkeypatch, SYNTH_AUTO_TRACE="1").sft_dir == Path("traces/v3")
    assert _settings(monkeypatch, SFT_OUTPUT_DIR="/b").sft_dir == Path("/b")
    assert _settings(monkeypatch, TASKAPP_SFT_OUTPUT_DIR="/a").sft_dir == Path("/a")


def test_area_is_two_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _settings(monkeypatch, CRAFTER_AREA="48, 32").area == (48, 32)
    with pytest.raises(ValidationError):
        _settings(monkeypatch, CRAFTER_AREA="64")


@pytest.mark.parametrize(
    ("name", "value"), [("TASKAPP_PORT", "0"), ("TASKAPP_ENV_WORKERS", "0"), ("TASKAPP_INFERENCE_TOTAL_S", "-1")]
)
def test_impossible_values_are_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        _settings(monkeypatch, **{name: value})
