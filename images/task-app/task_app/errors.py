"""Error bodies: the harness's `{"detail": {"error": {...}}}` and the plain `{"detail": "text"}`."""

from typing import Any

from fastapi import HTTPException


def harness_error(status: int, code: str, message: str, /, **extras: Any) -> HTTPException:
    """An error with a machine-readable code; `extras` stand beside code and message."""
    return HTTPException(status, detail={"error": {"code": code, "message": message, **extras}})


class RolloutError(Exception):
    """A rollout that can't go on. The caller gets status 500 with this text, as the contract has it."""


class InvalidEnvParams(Exception):
    """env.config.env_params is unusable. The caller gets status 422."""
