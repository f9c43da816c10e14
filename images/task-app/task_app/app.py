"""The HTTP application: the table of contents of the task app."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware

from . import VERSION, environment_routes, info_routes, proxy_routes, rollout_routes
from .auth import require_api_key
from .services import Services
from .settings import Settings

logger = logging.getLogger("task_app")


def create_app(settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    """The app with its routes. `transport` replaces the network towards inference servers and vendors."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        _announce(settings)
        services = app.state.services = Services(settings, transport)
        await services.warm_up()
        yield
        await services.close()

    app = FastAPI(title="rewardlab task app", version=VERSION, lifespan=lifespan)
    app.state.settings = settings
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
    app.include_router(info_routes.open_router)
    app.include_router(info_routes.router)
    for routes in (rollout_routes, environment_routes, proxy_routes):
        app.include_router(routes.router, dependencies=[Depends(require_api_key)])
    return app


def _announce(settings: Settings) -> None:
    logger.info("[task:tracing] %s", f"enabled (db={settings.trace_db})" if settings.trace_db else "disabled")
    if settings.sft_dir:
        logger.info("[task:sft] writing JSONL to %s", settings.sft_dir)
    if not settings.accepted_keys:
        logger.warning("no ENVIRONMENT_API_KEY is set: every route but / answers 503")
