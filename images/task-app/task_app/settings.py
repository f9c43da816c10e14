"""The one door to the environment: every variable that this program reads."""

import os
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from .world import AREA, LENGTH


def _variables(*names: str) -> AliasChoices:
    return AliasChoices(*names)


class Settings(BaseSettings):
    """Variables of the contract keep their names; ours start with TASKAPP_. An empty value counts as unset."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", populate_by_name=True, frozen=True)

    host: str = Field("0.0.0.0", validation_alias="TASKAPP_HOST")
    port: int = Field(8001, ge=1, le=65535, validation_alias="TASKAPP_PORT")

    environment_api_key: SecretStr | None = Field(None, validation_alias="ENVIRONMENT_API_KEY")
    dev_environment_api_key: SecretStr | None = Field(
        None, validation_alias=_variables("dev_environment_api_key", "DEV_ENVIRONMENT_API_KEY")
    )
    environment_api_key_aliases: SecretStr | None = Field(None, validation_alias="ENVIRONMENT_API_KEY_ALIASES")
    synth_api_key: SecretStr | None = Field(None, validation_alias="SYNTH_API_KEY")
    openai_api_key: SecretStr | None = Field(None, validation_alias="OPENAI_API_KEY")
    groq_api_key: SecretStr | None = Field(None, validation_alias="GROQ_API_KEY")

    openai_base_url: str = Field("https://api.openai.com/v1", validation_alias="TASKAPP_OPENAI_BASE_URL")
    groq_base_url: str = Field("https://api.groq.com/openai/v1", validation_alias="TASKAPP_GROQ_BASE_URL")

    tracing_enabled: bool = Field(False, validation_alias="TASKAPP_TRACING_ENABLED")
    trace_db_url: str | None = Field(None, validation_alias=_variables("TURSO_LOCAL_DB_URL", "SQLD_DB_PATH"))
    sft_dir_given: Path | None = Field(None, validation_alias=_variables("TASKAPP_SFT_OUTPUT_DIR", "SFT_OUTPUT_DIR"))
    auto_trace: bool = Field(False, validation_alias="SYNTH_AUTO_TRACE")

    default_seed: int = Field(42, validation_alias="CRAFTER_DEFAULT_SEED")
    max_seed: int = Field(2**31 - 1, validation_alias="CRAFTER_MAX_SEED")
    area: Annotated[tuple[int, int], NoDecode] = Field(AREA, validation_alias="CRAFTER_AREA")
    """Map size of the worlds that /task_info describes; rollouts always play on 64 × 64."""
    episode_length: int = Field(LENGTH, ge=1, validation_alias="CRAFTER_EPISODE_LENGTH")

    max_concurrent_rollouts: int = Field(64, ge=1, validation_alias="TASKAPP_MAX_CONCURRENT_ROLLOUTS")
    """Rollouts in progress at once; further ones wait their turn."""
    env_workers: int = Field(2, ge=1, validation_alias="TASKAPP_ENV_WORKERS")
    """Threads that play worlds. Playing holds Python's lock, so more than the cores brings nothing."""
    world_makers: int = Field(min(4, len(os.sched_getaffinity(0))), ge=0, validation_alias="TASKAPP_WORLD_MAKERS")
    """Processes that make new worlds, about 100 MB each, started when they are needed; 0: a thread of this process."""
    max_live_envs: int = Field(1024, ge=1, validation_alias="TASKAPP_MAX_LIVE_ENVS")
    world_cache: int = Field(256, ge=0, validation_alias="TASKAPP_WORLD_CACHE")
    """Fresh worlds kept by seed, about 33 kB each: the episodes of a group and every evaluation start from the same."""

    inference_max_retries: int = Field(12, ge=0, validation_alias="TASKAPP_INFERENCE_MAX_RETRIES")
    inference_backoff_factor: float = Field(2.0, ge=1, validation_alias="TASKAPP_INFERENCE_BACKOFF_FACTOR")
    inference_first_delay_s: float = Field(0.25, ge=0, validation_alias="TASKAPP_INFERENCE_FIRST_DELAY_S")
    inference_max_delay_s: float = Field(10.0, ge=0, validation_alias="TASKAPP_INFERENCE_MAX_DELAY_S")
    inference_timeout_s: float = Field(120.0, gt=0, validation_alias="TASKAPP_INFERENCE_TIMEOUT_S")
    """One attempt."""
    inference_total_s: float = Field(180.0, gt=0, validation_alias="TASKAPP_INFERENCE_TOTAL_S")
    """All attempts of one call together, waits included."""
    proxy_timeout_s: float = Field(600.0, gt=0, validation_alias="TASKAPP_PROXY_TIMEOUT_S")

    @field_validator("area", mode="before")
    @classmethod
    def _parse_area(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value

    @field_validator("tracing_enabled", "auto_trace", mode="before")
    @classmethod
    def _parse_flag(cls, value: object) -> object:
        # The contract's flags know 1, true, t, yes, y and on; anything else is off.
        return value.strip().lower() in {"1", "true", "t", "yes", "y", "on"} if isinstance(value, str) else value

    @cached_property
    def primary_keys(self) -> tuple[str, ...]:
        """Keys that /rollout accepts in X-API-Key."""
        return tuple(_revealed(self.environment_api_key, self.dev_environment_api_key))

    @cached_property
    def accepted_keys(self) -> tuple[str, ...]:
        """Keys that every route accepts: the server key and its aliases. Empty if no server key is configured."""
        if not self.primary_keys:
            return ()
        aliases = _revealed(self.environment_api_key_aliases)
        return (*self.primary_keys, *(part.strip() for alias in aliases for part in alias.split(",") if part.strip()))

    @cached_property
    def sft_dir(self) -> Path | None:
        """Where the per-rollout JSONL goes; None: not written."""
        return self.sft_dir_given or (Path("traces/v3") if self.auto_trace else None)

    @cached_property
    def trace_db(self) -> Path | None:
        """The SQLite file of the trace store; None: tracing is off."""
        if not self.tracing_enabled:
            return None
        path = self.trace_db_url or "traces/v3/synth_ai.db"
        for scheme in ("sqlite+aiosqlite:///", "sqlite+libsql:///", "sqlite:///", "file:"):
            path = path.removeprefix(scheme)
        if "://" in path:
            raise ValueError(
                "TURSO_LOCAL_DB_URL names a database server; this app writes SQLite files only: give a path or sqlite:///path"
            )
        return Path(path)


def _revealed(*secrets: SecretStr | None) -> list[str]:
    values = (secret.get_secret_value().strip() for secret in secrets if secret is not None)
    return [value for value in values if value]
