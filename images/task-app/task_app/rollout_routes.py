"""POST /rollout, and the state of rollouts: /run/abort, /run/status."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from .auth import require_rollout_key
from .environments import Environment, EnvironmentsFull
from .errors import InvalidEnvParams, RolloutError
from .plan import RolloutPlan, plan_rollout
from .record import RolloutRecord
from .rollout import Rollout
from .rollout_log import RolloutLog
from .rollout_response import build_response
from .schemas import RolloutRequest
from .services import Services
from .sft import write_sft
from .trace_store import TraceStore

router = APIRouter()
logger = logging.getLogger("task_app.rollout")


class AbortRequest(BaseModel):
    run_id: str


class RunStatus(BaseModel):
    run_id: str
    status: str
    started_at: datetime
    finished_at: datetime | None


@router.post("/rollout", dependencies=[Depends(require_rollout_key)])
async def rollout(body: RolloutRequest, request: Request) -> JSONResponse:
    """Play one episode. Whatever fails inside comes back as 500 with its text, as the contract has it."""
    services: Services = request.app.state.services
    try:
        plan = plan_rollout(body)
    except InvalidEnvParams as error:
        raise HTTPException(422, {"error": "invalid_env_params", "message": str(error)}) from error
    except ValueError as error:
        raise HTTPException(500, str(error)) from error
    async with services.rollout_slots:
        return JSONResponse(await _execute(plan, services, request.is_disconnected))


@router.post("/run/abort")
async def abort_run(body: AbortRequest, request: Request) -> dict[str, Any]:
    if not request.app.state.services.runs.abort(body.run_id):
        raise HTTPException(404, f"Run {body.run_id} not found")
    return {"ok": True, "run_id": body.run_id}


@router.get("/run/status/{run_id:path}")
async def run_status(run_id: str, request: Request) -> RunStatus:
    run = request.app.state.services.runs.get(run_id)
    if run is None:
        raise HTTPException(404, f"Run {run_id} not found")
    return RunStatus(run_id=run_id, status=run.status, started_at=run.started_at, finished_at=run.finished_at)


async def _execute(plan: RolloutPlan, services: Services, caller_gone: Callable[[], Awaitable[bool]]) -> dict[str, Any]:
    run, log = services.runs.start(plan.run_id), RolloutLog(plan)
    environment: Environment | None = None
    record: RolloutRecord | None = None
    try:
        environment = await _environment(plan, services)
        rollout = Rollout(plan, environment, services)
        record = rollout.record
        await rollout.run(run, caller_gone)
        run.finish("aborted" if record.aborted else "completed")
        log.finished(record)
        return build_response(record)
    except (RolloutError, EnvironmentsFull) as error:
        log.failed(error)
        raise HTTPException(500, str(error)) from error
    except Exception as error:
        log.failed(error)
        logger.exception("rollout %s failed for a reason that is not the request's", plan.run_id)
        raise HTTPException(500, f"{type(error).__name__}: {error}") from error
    finally:
        if run.finished_at is None:
            run.finish("aborted")
        if environment is not None and plan.env_id is None:
            services.environments.terminate(environment.env_id)
        if record is not None:
            await _keep(record, services)


async def _environment(plan: RolloutPlan, services: Services) -> Environment:
    if plan.env_id is None:
        return await services.environments.create(plan.env_seed, plan.run_id)
    try:
        return services.environments.get(plan.env_id)
    except KeyError:
        raise RolloutError(f"Environment {plan.env_id} not found") from None


async def _keep(record: RolloutRecord, services: Services) -> None:
    """Write the SFT file and the trace store. A full disk is logged; it must not cost the episode."""
    settings = services.settings
    try:
        if settings.sft_dir is not None:
            path = await services.in_thread(write_sft, settings.sft_dir, record, datetime.now())
            if path is not None:
                logger.info("SFT_WRITTEN: %s", path)
        if settings.trace_db is not None:
            await services.in_thread(TraceStore(settings.trace_db).add, record)
    except OSError as error:
        logger.error("SFT_WRITE_FAIL: %s", error)
