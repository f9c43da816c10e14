"""The one door to the environment: every variable the trainer reads, checked at once."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

EXIT_CONFIG = 78
"""Exit status for a configuration that can't work (sysexits.h EX_CONFIG): restarting would not help."""


class SettingsError(Exception):
    """A setting is missing or impossible. The message has one line a problem, each with its remedy."""


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    model: str = Field(min_length=1)
    """A folder with config.json, or a hub name."""
    api_key: SecretStr
    adapters_dir: Path = Path("/adapters")
    device: Literal["auto", "cpu", "cuda"] = "auto"
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of the base and of the served adapters. auto: bfloat16 on a GPU, float32 on a CPU. Masters are float32 always."""
    threads: int = Field(default=1, ge=1, le=256)
    """CPU threads of one operation. More than the free cores is far slower than one."""
    gradient_checkpointing: Literal["auto", "on", "off"] = "auto"
    """auto: as many layers as the memory asks for, none where it holds all."""
    memory_gib: float | None = Field(default=None, gt=0)
    """What the trainer may use, of a GPU's memory or of the machine's. None: what is free of the GPU, the container's
    limit on a CPU."""
    host: str = "0.0.0.0"
    port: int = Field(default=8002, ge=1, le=65535)

    @field_validator("api_key")
    @classmethod
    def _key_not_empty(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value():
            raise ValueError("is empty; every route but /health, /ready and /metrics needs it")
        return value

    @field_validator("model")
    @classmethod
    def _folder_has_a_model(cls, value: str) -> str:
        looks_like_path = value.startswith(("/", ".", "~"))
        if (looks_like_path or Path(value).exists()) and not (Path(value) / "config.json").is_file():
            raise ValueError(f"{value!r} has no config.json; mount the model there or give a hub name")
        return value

    @field_validator("adapters_dir")
    @classmethod
    def _folder_is_writable(cls, value: Path) -> Path:
        if not value.is_dir() or not os.access(value, os.W_OK | os.X_OK):
            raise ValueError(f"{str(value)!r} is not a folder that uid {os.getuid()} may write; mount it read-write")
        return value


VARIABLES = {
    "MODEL": "model",
    "TRAINER_API_KEY": "api_key",
    "ADAPTERS_DIR": "adapters_dir",
    "DEVICE": "device",
    "DTYPE": "dtype",
    "THREADS": "threads",
    "GRADIENT_CHECKPOINTING": "gradient_checkpointing",
    "MEMORY_GIB": "memory_gib",
    "HOST": "host",
    "PORT": "port",
}


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from environment variables (VARIABLES). Raises SettingsError that names every bad variable."""
    given = {field: environment[name] for name, field in VARIABLES.items() if name in environment}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        names = {field: name for name, field in VARIABLES.items()}
        lines = []
        for problem in error.errors(include_url=False, include_input=False):
            name = names[str(problem["loc"][0])]
            what = "is not set" if problem["type"] == "missing" else problem["msg"].removeprefix("Value error, ")
            lines.append(f"{name}: {what}")
        raise SettingsError("\n".join(lines)) from None


def settings_from_environment() -> Settings:
    """Settings of this process. Raises SettingsError."""
    return read_settings(os.environ)
