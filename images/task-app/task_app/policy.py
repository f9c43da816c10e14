"""Policies: who decides on the calls of a turn."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from .calls import ToolCall
from .inference import InferenceClient
from .inference_request import build_request
from .inference_url import provider_of
from .observation import Observation
from .parsing import parse_reply
from .plan import RolloutPlan
from .prompt import build_messages
from .tokens import logprobs_of, token_fields

EXCERPT = 2000


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One call of a model, as traces and the SFT file record it."""

    model: str
    provider: str
    request: dict[str, Any]
    response: dict[str, Any]
    message: dict[str, Any]
    """The assistant message of the response."""
    started_at: datetime
    latency_ms: float

    @property
    def text(self) -> str:
        content = self.message.get("content")
        return content if isinstance(content, str) else ""


@dataclass(slots=True)
class Decision:
    """What a policy decided in one turn."""

    calls: list[ToolCall]
    well_formed: bool
    """Every call is a real interact_many call with a list of actions."""
    meta: dict[str, Any] = field(default_factory=dict)
    """Goes into step.info.meta."""
    model_call: ModelCall | None = None


class Policy(Protocol):
    async def decide(self, observation: Observation, history: Sequence[ToolCall], turn: int) -> Decision:
        """The calls of `turn` (0-based). `history` has the first call of each past turn, oldest first."""
        ...


class ReactPolicy:
    """Asks a model: two messages, one tool. An answer without any action gives a decision without calls."""

    def __init__(self, plan: RolloutPlan, client: InferenceClient) -> None:
        if plan.inference_url is None:
            raise ValueError("a model policy needs an inference URL")
        self._plan, self._url, self._client = plan, plan.inference_url, client

    async def decide(self, observation: Observation, history: Sequence[ToolCall], turn: int) -> Decision:
        messages = build_messages(observation, [call.as_dict() for call in history])
        request = build_request(messages, self._plan, turn)
        started_at, start = datetime.now(UTC), time.perf_counter()
        response = await self._client.complete(self._url, request, self._plan.policy_name)
        latency_ms = (time.perf_counter() - start) * 1000
        choice: Mapping[str, Any] = response["choices"][0]
        message = choice.get("message")
        message = message if isinstance(message, dict) else {}
        call = ModelCall(
            model=request["model"],
            provider=provider_of(self._url),
            request=request,
            response=response,
            message=message,
            started_at=started_at,
            latency_ms=latency_ms,
        )
        reply = parse_reply(message)
        meta = {
            "inference_url": self._url,
            "inference_request": request,
            "raw_response": call.text or json.dumps(message, ensure_ascii=False)[:EXCERPT],
            "usage": response.get("usage") or {},
            "inference_ms": latency_ms,
            "turn_index": turn,
            "served_model": response.get("model"),
            "finish_reason": choice.get("finish_reason"),
            **_tokens(self._plan, response),
        }
        return Decision(reply.calls, reply.well_formed, meta, call)


def _tokens(plan: RolloutPlan, response: Mapping[str, Any]) -> dict[str, Any]:
    if plan.return_tokens:
        return token_fields(response)
    return {"completion_logprobs": logprobs_of(response)} if plan.logprobs else {}
