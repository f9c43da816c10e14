"""What a rollout request comes to: names, defaults, caps and ids resolved. Pure, decided before anything is played."""

from dataclasses import dataclass
from typing import Any, Literal

from .inference_url import chat_completions_url, correlation_id
from .ops import Op, max_steps_per_episode, plan_ops
from .schemas import RolloutRequest
from .seeds import run_seed
from .step_rewards import StepRewards, read_step_rewards

PolicyKind = Literal["react", "random"]

POLICIES: dict[str, PolicyKind] = {"crafter-react": "react", "crafter": "react", "random": "random"}
DEFAULT_MAX_LLM_CALLS = 10
WORLD_SEED_IF_ABSENT = 0

_DEFAULTS: dict[str, Any] = {"max_tokens": 512, "max_completion_tokens": 512, "temperature": 0.2, "top_p": 0.95}
_MATH_STEP_REWARDS = {"enabled": True, "mode": "decision_stepwise", "indicator_lambda": 1.0, "step_beta": 0.0}


@dataclass(frozen=True, slots=True)
class RolloutPlan:
    run_id: str
    mode: Literal["rl", "eval"] | None
    policy_name: str
    policy_kind: PolicyKind
    policy_config: dict[str, Any]
    env_name: str
    env_id: str | None
    env_seed: int
    sampler_seed: int | None
    """What each turn's `seed` is derived from; None: the server's own randomness."""
    inference_url: str | None
    """Chat-completions address; None for a policy without a model."""
    ops: list[Op]
    max_time_s: float
    step_rewards: StepRewards
    correlation_id: str
    trace_format: str
    return_tokens: bool
    """Ask the server for token ids and log-probabilities, and hand them back."""
    logprobs: bool
    """Ask for log-probabilities."""
    noop_if_invalid: bool
    metadata: dict[str, Any]
    """What the trace says of the request."""


def plan_rollout(request: RolloutRequest) -> RolloutPlan:
    """Resolve a request. Raises InvalidEnvParams (422), and ValueError for all else that is wrong with it (500)."""
    request = remap_math(request)
    config = {**_DEFAULTS, **request.policy.config}
    max_llm_calls = _count(config.get("max_llm_calls")) or DEFAULT_MAX_LLM_CALLS
    max_steps = max_steps_per_episode(request.env.config, max_llm_calls)
    env_name = _env_name(request)
    policy_name, kind = _policy(request)
    return RolloutPlan(
        run_id=request.run_id,
        mode=request.mode,
        policy_name=policy_name,
        policy_kind=kind,
        policy_config=config,
        env_name=env_name,
        env_id=request.env.env_id,
        env_seed=WORLD_SEED_IF_ABSENT if request.env.seed is None else request.env.seed,
        sampler_seed=_sampler_seed(request, kind),
        inference_url=_inference_url(config) if kind == "react" else None,
        ops=plan_ops(request.ops, max_llm_calls, max_steps, request.safety.max_ops),
        max_time_s=request.safety.max_time_s,
        step_rewards=read_step_rewards(config, request.env.config),
        correlation_id=_correlation_id(request, config),
        trace_format=_trace_format(request),
        return_tokens=bool(config.get("return_tokens")),
        logprobs=bool(config.get("return_tokens")) or request.record.logprobs,
        noop_if_invalid=config.get("on_invalid") == "noop",
        metadata={
            "run_id": request.run_id,
            "policy_name": policy_name,
            "policy_id": request.policy.policy_id,
            "env_name": env_name,
            "env_id": request.env.env_id,
            "seed": request.env.seed,
            "difficulty": request.env.config.get("difficulty", "normal"),
            "training_session_id": request.training_session_id,
            "synth_base_url": request.synth_base_url,
        },
    )


def remap_math(request: RolloutRequest) -> RolloutRequest:
    """Names that start with "math" mean Crafter with step rewards on, and at least ten turns (contract, 3.6)."""
    env, policy = request.env, request.policy
    if not any(_is_math(name) for name in (env.env_name, env.env_id, policy.policy_name, policy.policy_id)):
        return request
    env_config = {"step_rewards": _MATH_STEP_REWARDS, "env_params": {"max_steps_per_episode": 200}, **env.config}
    policy_config = {"max_llm_calls": 10, "max_completion_tokens": 1024, **policy.config}
    return request.model_copy(
        update={
            "env": env.model_copy(
                update={
                    "env_name": "crafter" if _is_math(env.env_name) else env.env_name,
                    "env_id": None if _is_math(env.env_id) else env.env_id,
                    "config": env_config,
                }
            ),
            "policy": policy.model_copy(
                update={
                    "policy_name": "crafter-react" if _is_math(policy.policy_name) else policy.policy_name,
                    "policy_id": None if _is_math(policy.policy_id) else policy.policy_id,
                    "config": {"step_rewards": _MATH_STEP_REWARDS, **policy_config},
                }
            ),
            "ops": request.ops if request.ops and len(request.ops) >= 20 else ["agent", "env"] * 10,
        }
    )


def _is_math(name: str | None) -> bool:
    return bool(name) and str(name).strip().lower().startswith("math")


def _env_name(request: RolloutRequest) -> str:
    name = (request.env.env_name or "").strip().lower()
    if not name and request.env.env_id:
        return "crafter"
    if name != "crafter":
        raise ValueError(f"Unknown env_name {request.env.env_name!r}: this task app plays crafter")
    return name


def _policy(request: RolloutRequest) -> tuple[str, PolicyKind]:
    name = (request.policy.policy_name or "").strip().lower()
    if not name and request.policy.policy_id:
        raise ValueError(f"Policy {request.policy.policy_id} not found: give a policy_name")
    if name not in POLICIES:
        raise ValueError(f"Unknown policy_name {request.policy.policy_name!r}: use {', '.join(POLICIES)}")
    return name, POLICIES[name]


def _inference_url(config: dict[str, Any]) -> str:
    if not isinstance(config.get("model"), str) or not config["model"]:
        raise ValueError("policy.config.model is required")
    if not isinstance(config.get("inference_url"), str) or not config["inference_url"]:
        raise ValueError("policy.config.inference_url is required")
    return chat_completions_url(config["inference_url"])


def _sampler_seed(request: RolloutRequest, kind: PolicyKind) -> int | None:
    given = request.policy.config.get("sampler_seed")
    if given is not None:
        if not isinstance(given, int) or isinstance(given, bool):
            raise ValueError(f"policy.config.sampler_seed must be an integer, not {given!r}")
        return given
    if kind == "react":
        return None
    return request.env.seed if request.env.seed is not None else run_seed(request.run_id)


def _correlation_id(request: RolloutRequest, config: dict[str, Any]) -> str:
    found = correlation_id(config)
    if found is None and request.mode == "rl":
        raise ValueError(
            "trace_correlation_id is required in mode rl: "
            "set policy.config.trace_correlation_id, or ?cid= in the inference_url"
        )
    return found or f"trace_{request.run_id}"


def _trace_format(request: RolloutRequest) -> str:
    asked = request.record.trace_format
    if asked == "none":
        return "none"
    if request.mode is not None:
        return "structured"  # the contract's second generation forces it, whatever was asked
    return asked if request.record.return_trace else "none"


def _count(value: Any) -> int:
    try:
        return max(0, int(value))
    except (TypeError, ValueError):
        return 0
