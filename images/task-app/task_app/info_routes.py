"""What the app says about itself: /, /health, /info, /task_info, /debug/env."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request

from .auth import require_api_key
from .services import Services
from .settings import Settings
from .task_info import APP_ID, service_info, task_info, taskset

open_router = APIRouter()
"""Routes without a key: what a liveness probe asks."""
router = APIRouter(dependencies=[Depends(require_api_key)])

MAX_SEEDS = 256


@open_router.get("/")
@open_router.head("/", include_in_schema=False)
async def root() -> dict[str, str]:
    return {"status": "ok", "service": APP_ID}


@router.get("/health")
async def health() -> dict[str, Any]:
    # The contract shows the key's first characters here; "<set>" tells a client as much as it may know.
    return {"healthy": True, "auth": {"required": True, "expected_prefix": "<set>"}}


@router.get("/info")
async def info(request: Request) -> dict[str, Any]:
    return service_info(request.app.state.settings)


@router.get("/task_info")
async def task_infos(
    request: Request,
    seed: Annotated[list[int] | None, Query()] = None,
    seeds: Annotated[list[int] | None, Query()] = None,
) -> Any:
    """No seed: the task set. One: its TaskInfo. Several, by `seed` and `seeds` together: a list."""
    settings: Settings = request.app.state.settings
    services: Services = request.app.state.services
    wanted = [*(seed or []), *(seeds or [])]
    if not wanted:
        return {"taskset": taskset(settings)}
    if len(wanted) > MAX_SEEDS:
        raise HTTPException(422, f"{len(wanted)} seeds asked for at once: {MAX_SEEDS} at most")

    worlds = services.described_worlds
    infos = [task_info(settings, number, (await worlds.ready(number)).observe()) for number in wanted]
    return infos[0] if len(infos) == 1 else infos


@router.get("/debug/env")
async def debug_env(request: Request) -> dict[str, Any]:
    """Which keys are set; no part of any key, unlike the contract's prefixes."""
    settings: Settings = request.app.state.settings
    return {
        "has_ENVIRONMENT_API_KEY": settings.environment_api_key is not None,
        "OPENAI_API_KEY_prefix": "<set>" if settings.openai_api_key else None,
        "GROQ_API_KEY_prefix": "<set>" if settings.groq_api_key else None,
    }
