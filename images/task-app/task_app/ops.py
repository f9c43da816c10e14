"""The operations of a rollout: "agent" asks the policy, "env" plays what it answered."""

from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from typing import Any, Literal

from .errors import InvalidEnvParams

Op = Literal["agent", "env"]

ALTERNATING: tuple[Op, Op] = ("agent", "env")

_AGENT = {"agent", "policy", "model"}
_ENV = {"env", "environment", "step"}


def normalise_op(op: Any, index: int) -> Op:
    """One op, given as a name or as an object with `type` or `op`. Raises ValueError for an unknown one."""
    name = op if isinstance(op, str) else (op.get("type") or op.get("op")) if isinstance(op, Mapping) else None
    lowered = str(name).strip().lower() if name else ""
    if lowered in _AGENT:
        return "agent"
    if lowered in _ENV:
        return "env"
    raise ValueError(f"Unsupported op type {name!r} at index {index}: use agent or env")


def plan_ops(ops: Sequence[Any] | None, max_llm_calls: int, max_steps: int, max_ops: int) -> list[Op]:
    """The ops to execute: the given ones, cut to two for each allowed model call, two for each step, and to max_ops."""
    limit = min(2 * max_llm_calls, 2 * max_steps, max_ops)
    if ops is None:
        return [*islice(cycle(ALTERNATING), limit)]
    return [normalise_op(op, index) for index, op in enumerate(ops)][:limit]


def max_steps_per_episode(env_config: Mapping[str, Any], max_llm_calls: int) -> int:
    """env_params.max_steps_per_episode, but never under max_llm_calls. Raises InvalidEnvParams if it's no count."""
    params = env_config.get("env_params")
    if params is not None and not isinstance(params, Mapping):
        raise InvalidEnvParams("env_params must be an object")
    given = params.get("max_steps_per_episode") if params else None
    if given is None:
        return max_llm_calls
    try:
        steps = int(given)
    except (TypeError, ValueError):
        raise InvalidEnvParams(f"max_steps_per_episode must be a positive integer, not {given!r}") from None
    if steps < 0:
        raise InvalidEnvParams(f"max_steps_per_episode must be a positive integer, not {steps}")
    return max(steps, max_llm_calls)
