"""The chat-completions request of a turn."""

from collections.abc import Mapping, Sequence
from typing import Any

from .inference_url import provider_of
from .plan import RolloutPlan
from .seeds import turn_seed
from .tool import INTERACT_MANY

THINKING_MODE = "think"
THINKING_BUDGET = 1028
DEFAULT_TEMPERATURE = 0.1


def build_request(messages: Sequence[Mapping[str, str]], plan: RolloutPlan, turn: int) -> dict[str, Any]:
    """The request body of `turn` (0-based) for the server at the plan's inference_url.

    policy.config's `tool_choice` is sent as it is. Without it the contract's rule holds: "required" at openai.com,
    elsewhere the tool by name, with the extra keys that its servers read.
    """
    config = plan.policy_config
    body: dict[str, Any] = {"model": config["model"], "messages": list(messages), **_sampling(config)}
    if plan.sampler_seed is not None:
        body["seed"] = turn_seed(plan.sampler_seed, turn)
    if config.get("use_tools", True):
        body |= {"tools": [INTERACT_MANY], **_tool_choice(config, plan.inference_url or "")}
    if plan.logprobs:
        body |= {"logprobs": True, "top_logprobs": 0}
    if plan.return_tokens:
        body["return_token_ids"] = True
    return body


def _sampling(config: Mapping[str, Any]) -> dict[str, Any]:
    if "gpt-5" in config["model"]:  # takes no temperature and counts its thinking as completion tokens
        return {"max_completion_tokens": config["max_completion_tokens"]}
    temperature = config.get("temperature")
    sampling = {
        "temperature": DEFAULT_TEMPERATURE if temperature is None else temperature,
        "top_p": config.get("top_p"),
        "max_tokens": config.get("max_tokens"),
    }
    return {key: value for key, value in sampling.items() if value is not None}


def _tool_choice(config: Mapping[str, Any], url: str) -> dict[str, Any]:
    if config.get("tool_choice") is not None:
        return {"tool_choice": config["tool_choice"], **_thinking_asked(config)}
    if provider_of(url) == "openai":
        return {"tool_choice": "required"}
    name = INTERACT_MANY["function"]["name"]
    return {
        "tool_choice": {"type": "function", "function": {"name": name}},
        "parallel_tool_calls": False,
        "function_call": {"name": name},
        "extra_body": {"chat_template_kwargs": _thinking(config), "stop_after_tool_calls": 1},
    }


def _thinking_asked(config: Mapping[str, Any]) -> dict[str, Any]:
    # vLLM reads the chat template's arguments at the top level; it doesn't know `extra_body`.
    asked = "thinking_mode" in config or "thinking_budget" in config
    return {"chat_template_kwargs": _thinking(config)} if asked else {}


def _thinking(config: Mapping[str, Any]) -> dict[str, Any]:
    mode = str(config.get("thinking_mode") or THINKING_MODE)
    return {"enable_thinking": mode == "think", "thinking_budget": config.get("thinking_budget", THINKING_BUDGET)}
