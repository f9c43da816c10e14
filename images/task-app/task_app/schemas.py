"""The rollout request: what clients of all three generations of the contract send. Unknown keys are ignored."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_OPS = 100_000


class EnvSpec(BaseModel):
    env_id: str | None = None
    """A live environment from /create to play on; it stays alive."""
    env_name: str | None = None
    config: dict[str, Any] = Field(default_factory=dict)
    seed: int | None = None


class PolicySpec(BaseModel):
    policy_id: str | None = None
    policy_name: str | None = None
    config: dict[str, Any] = Field(default_factory=dict)
    output_mode: str | None = None
    """G3; only tool_calls is done here, which is its default."""


class RecordSpec(BaseModel):
    trajectories: bool = True
    logprobs: bool = False
    value: bool = False
    return_trace: bool = False
    trace_format: Literal["compact", "full", "structured", "none"] = "compact"
    """`none` is ours: no trace in the response. The others come back as structured where `mode` is given (G2)."""


class SafetySpec(BaseModel):
    max_ops: int = Field(MAX_OPS, ge=0)
    max_time_s: float = 3600.0
    """Checked before every op; a rollout that runs out of it comes back as aborted, with what was played."""


class RolloutRequest(BaseModel):
    model_config = ConfigDict(extra="ignore")

    run_id: str = Field(min_length=1)
    env: EnvSpec
    policy: PolicySpec
    ops: list[str | dict[str, Any]] | None = None
    """Absent in G3: then ["agent", "env"] as often as max_llm_calls allows."""
    record: RecordSpec = Field(default_factory=RecordSpec)
    on_done: Literal["reset", "terminate"] = "reset"
    """Without effect: the environment never reports `done`."""
    safety: SafetySpec = Field(default_factory=SafetySpec)
    training_session_id: str | None = None
    synth_base_url: str | None = None
    mode: Literal["rl", "eval"] | None = None
    """Absent in G1."""
