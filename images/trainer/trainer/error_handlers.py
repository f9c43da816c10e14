"""Turns exceptions into answers: {error, detail} always, more where it helps."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from trainer.errors import TrainerError

log = logging.getLogger("trainer")
SHOWN = 20
"""Problems of one body that are reported; a batch with one wrong field repeats it a thousand times."""


def add_error_handlers(app: FastAPI) -> None:
    @app.exception_handler(TrainerError)
    async def _trainer_error(request: Request, error: TrainerError) -> JSONResponse:
        log.log(
            logging.ERROR if error.status == 500 else logging.WARNING,
            "%s %s: %d %s", request.method, request.url.path, error.status, error.detail,
        )  # fmt: skip
        return JSONResponse({"error": error.code, "detail": error.detail, **error.extra}, error.status)

    @app.exception_handler(RequestValidationError)
    async def _invalid_body(request: Request, error: RequestValidationError) -> JSONResponse:
        problems = [{"where": _place(p["loc"]), "problem": _reason(p)} for p in error.errors()]
        detail = "; ".join(f"{p['where']}: {p['problem']}" for p in problems[:3])
        more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
        body = {"error": "invalid_request", "detail": detail + more, "problems": problems[:SHOWN]}
        return JSONResponse(body, 422)

    @app.exception_handler(HTTPException)
    async def _http_error(request: Request, error: HTTPException) -> JSONResponse:
        body = {"error": "http_error", "detail": f"{error.detail}: {request.method} {request.url.path}"}
        return JSONResponse(body, error.status_code, error.headers)

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> JSONResponse:
        log.exception("%s %s", request.method, request.url.path, exc_info=error)
        return JSONResponse({"error": "internal", "detail": f"{type(error).__name__}: {error}"}, 500)


def _place(location: tuple[int | str, ...]) -> str:
    """samples[3].advantage rather than ('body', 'samples', 3, 'advantage')."""
    place = ""
    for part in location[1:]:
        place += f"[{part}]" if isinstance(part, int) else f".{part}"
    return place.removeprefix(".") or str(location[0])


def _reason(problem: dict[str, object]) -> str:
    if problem["type"] == "extra_forbidden":
        return "is no known key"
    if problem["type"] == "missing":
        return "is missing"
    return str(problem["msg"]).removeprefix("Value error, ")
