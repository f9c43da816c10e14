"""Environments without a policy: /create, /reset, /step, /snapshot, /restore, /terminate."""

from typing import Any

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, Field

from .calls import read_call
from .environments import Environment, EnvironmentsFull
from .episode import Played
from .plan import WORLD_SEED_IF_ABSENT
from .raw_observation import raw_observation
from .services import Services

router = APIRouter()


class CreateRequest(BaseModel):
    env_name: str
    config: dict[str, Any] = Field(default_factory=dict)
    seed: int | None = None
    parent_env_id: str | None = None
    rl_run_id: str


class ResetRequest(BaseModel):
    env_id: str
    seed: int | None = None


class StepRequest(BaseModel):
    env_id: str
    tool_calls: list[dict[str, Any]]


class EnvironmentRequest(BaseModel):
    env_id: str


class RestoreRequest(BaseModel):
    snapshot_id: str


@router.post("/create")
async def create(body: CreateRequest, request: Request) -> dict[str, Any]:
    """A new environment. Seed 0 if none is given."""
    if body.env_name.strip().lower() != "crafter":
        raise HTTPException(422, f"Unknown env_name {body.env_name!r}: this task app plays crafter")
    services = _services(request)
    seed = WORLD_SEED_IF_ABSENT if body.seed is None else body.seed
    try:
        environment = await services.environments.create(seed, body.rl_run_id)
    except EnvironmentsFull as error:
        raise HTTPException(503, str(error)) from error
    return {"env_id": environment.env_id, **_state(environment)}


@router.post("/reset")
async def reset(body: ResetRequest, request: Request) -> dict[str, Any]:
    services = _services(request)
    try:
        environment = await services.environments.reset(body.env_id, body.seed)
    except KeyError:
        raise _unknown_environment(body.env_id) from None
    return _state(environment)


@router.post("/step")
async def step(body: StepRequest, request: Request) -> dict[str, Any]:
    """Play the calls; `done` stays false as in the contract, death and length are in the observation."""
    if not body.tool_calls:
        raise HTTPException(422, "tool_calls must not be empty")
    services, environment = _services(request), _environment(body.env_id, request)
    calls = [read_call(raw) for raw in body.tool_calls]

    def play() -> Played:
        with environment.lock:
            return environment.episode.play(calls)

    played = await services.in_thread(play)
    info = {"achievements_added": played.unlocked, "invalid_actions": len(played.expansion.invalid)}
    return {
        **_state(environment, played.reward or 0.0, info),
        "done": False,
        "reward": played.reward,
        "truncated": None,
    }


@router.post("/snapshot")
async def snapshot(body: EnvironmentRequest, request: Request) -> dict[str, Any]:
    """Keep the state, in this process's memory: `path` names no file."""
    services, environment = _services(request), _environment(body.env_id, request)
    kept = await services.in_thread(services.environments.snapshot, environment.env_id)
    return {
        "snapshot_id": kept.snapshot_id,
        "path": f"memory:{kept.snapshot_id}",
        "rl_run_id": kept.rl_run_id,
        "size": len(kept.world),
    }


@router.post("/restore")
async def restore(body: RestoreRequest, request: Request) -> dict[str, Any]:
    """A new environment that goes on where the snapshot was taken."""
    services = _services(request)
    try:
        environment = await services.in_thread(services.environments.restore, body.snapshot_id)
    except KeyError:
        raise HTTPException(404, f"Snapshot {body.snapshot_id} not found") from None
    except EnvironmentsFull as error:
        raise HTTPException(503, str(error)) from error
    return {"env_id": environment.env_id, **_state(environment)}


@router.post("/terminate")
async def terminate(body: EnvironmentRequest, request: Request) -> dict[str, bool]:
    if not _services(request).environments.terminate(body.env_id):
        raise _unknown_environment(body.env_id)
    return {"ok": True}


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def _environment(env_id: str, request: Request) -> Environment:
    try:
        return _services(request).environments.get(env_id)
    except KeyError:
        raise _unknown_environment(env_id) from None


def _unknown_environment(env_id: str) -> HTTPException:
    return HTTPException(404, f"Environment {env_id} not found")


def _state(environment: Environment, last_reward: float = 0.0, info: dict[str, Any] | None = None) -> dict[str, Any]:
    episode = environment.episode
    return {
        "observation": raw_observation(episode.observation, last_reward, episode.total_reward),
        "info": {"seed": environment.seed, "died_at_step": episode.died_at, **(info or {})},
        "step_idx": episode.observation.steps,
    }
