"""What can go wrong with a request, each with its HTTP status, a code for scripts and a text for people."""

from typing import Any


class TrainerError(Exception):
    """Base of the errors that become a JSON answer {error, detail, ...extra}."""

    status = 500
    code = "internal"

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra


class InvalidRequestError(TrainerError):
    """The request can't be right whatever the state: 422."""

    status = 422
    code = "invalid_request"


class UnknownRunError(TrainerError):
    status = 404
    code = "unknown_run"


class ConflictError(TrainerError):
    """The request contradicts the run's state: 409."""

    status = 409
    code = "conflict"


class MemoryFullError(TrainerError):
    """The memory does not hold one more run: 507."""

    status = 507
    code = "memory_full"


class NotReadyError(TrainerError):
    """The base model is still loading: 503."""

    status = 503
    code = "not_ready"


class StepFailedError(TrainerError):
    """The step was not taken: the run is exactly as it was before it."""

    status = 500
    code = "step_failed"
