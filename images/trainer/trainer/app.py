"""The HTTP API: routes only, no arithmetic."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import peft
import torch
import transformers
from fastapi import FastAPI, Path, Response
from starlette.responses import JSONResponse

from trainer.adapter_files import digest_on_disk
from trainer.auth import BearerAuth
from trainer.device import resolve_device, resolve_dtype
from trainer.error_handlers import add_error_handlers
from trainer.errors import NotReadyError
from trainer.file_routes import file_routes
from trainer.frozen_base import FrozenBase, load_base
from trainer.metrics import Metrics
from trainer.run import Place
from trainer.runs import Runs
from trainer.schemas import (
    RUN_NAME,
    AdapterOnDisk,
    RunSpec,
    RunState,
    ScoreRequest,
    ScoreResult,
    StepRequest,
    StepResult,
)
from trainer.settings import Settings
from trainer.worker import Worker

log = logging.getLogger("trainer")
RunName = Annotated[str, Path(pattern=RUN_NAME)]


def create_app(
    settings: Settings,
    load: Callable[[Settings], FrozenBase] = load_base,
    on_fatal: Callable[[BaseException], None] = lambda error: None,
) -> FastAPI:
    """The trainer as an ASGI application. `load` runs on the worker thread after start, so /health answers at once;
    what it raises is passed to on_fatal."""
    worker = Worker(settings.threads)
    metrics = Metrics(lambda: worker.waiting)
    runs: Runs | None = None
    device = resolve_device(settings)
    dtype = str(resolve_dtype(settings, device)).removeprefix("torch.")

    async def load_model() -> None:
        nonlocal runs
        try:
            base = await worker.run("", load, settings)
        except Exception as error:
            log.exception("the base model %s could not be loaded", settings.model)
            on_fatal(error)
            return
        runs = Runs(Place(base, settings.model, settings.adapters_dir), metrics)
        metrics.set_ready()
        log.info("base model %s is ready on %s in %s", settings.model, base.device, dtype)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(load_model())
        yield
        worker.close()
        await asyncio.gather(loading, return_exceptions=True)

    def ready_runs() -> Runs:
        if runs is None:
            raise NotReadyError("the base model is still loading; GET /ready tells when it is there")
        return runs

    app = FastAPI(title="rewardlab trainer", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(BearerAuth, key=settings.api_key.get_secret_value())
    add_error_handlers(app)
    app.include_router(file_routes(settings.adapters_dir))

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/ready")
    async def ready() -> Response:
        return JSONResponse({"status": "ready"} if runs else {"status": "loading"}, 200 if runs else 503)

    @app.get("/metrics")
    async def prometheus() -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/info")
    async def info() -> dict[str, Any]:
        loaded = runs.loaded() if runs else {}
        return {
            "model": settings.model,
            "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
            "dtype": dtype,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "peft": peft.__version__,
            "memory": None if runs is None else runs.memory(),
            "runs": [
                {"run": name, "step": run.state().step, "adapter": run.state().adapter.name, "notes": run.notes()}
                for name, run in loaded.items()
            ],
        }

    @app.put("/runs/{run}")
    async def put_run(run: RunName, spec: RunSpec) -> RunState:
        return await worker.run(run, ready_runs().put, run, spec)

    @app.get("/runs/{run}")
    async def get_run(run: RunName) -> RunState:
        known = ready_runs().peek(run)
        return known if known is not None else await worker.run(run, ready_runs().get, run)

    @app.get("/runs/{run}/adapters/{version}")
    async def adapter_on_disk(run: RunName, version: Annotated[int, Path(ge=0)]) -> AdapterOnDisk:
        # On a thread of its own: it reads files only, and a load must not wait behind another run's step.
        name = f"{run}-v{version}"
        return AdapterOnDisk(name=name, digest=await asyncio.to_thread(digest_on_disk, settings.adapters_dir, name))

    @app.delete("/runs/{run}", status_code=204)
    async def delete_run(run: RunName) -> None:
        await worker.run(run, ready_runs().delete, run)

    @app.post("/runs/{run}/steps")
    async def take_step(run: RunName, request: StepRequest) -> StepResult:
        return await worker.run(run, ready_runs().step, run, request)

    @app.post("/runs/{run}/score")
    async def score(run: RunName, request: ScoreRequest) -> ScoreResult:
        return ScoreResult(logprobs=await worker.run(run, ready_runs().score, run, request))

    return app
