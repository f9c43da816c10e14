"""What the proxy changes in a chat-completions request before it goes to the vendor (contract, section 2.6)."""

import copy
from typing import Any

from .actions import ACTIONS

SYSTEM_HINT = """Crafting in Crafter:
- wood pickaxe, wood sword: stand near a table; uses wood.
- stone pickaxe, stone sword: stand near a table; uses wood and stone.
- iron pickaxe, iron sword: stand near a table and a furnace; uses wood, coal and iron."""

INTERACT: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "interact",
        "description": "Play one or more Crafter actions, in order.",
        "parameters": {
            "type": "object",
            "properties": {
                "actions": {"type": "array", "items": {"type": "string", "enum": list(ACTIONS)}},
                "reasoning": {"type": "string", "description": "Why these actions (optional)."},
            },
            "required": ["actions"],
        },
    },
}

MIN_GPT5_TOKENS = 16_000
_DROPPED = ("stop_after_tool_calls", "thinking_mode", "thinking_budget", "reasoning", "stream", "stream_options")


def vendor_request(body: dict[str, Any]) -> dict[str, Any]:
    """A new body for the vendor; the given one is left as it is. Answers come in one piece: streaming is dropped."""
    request = {key: value for key, value in copy.deepcopy(body).items() if key not in _DROPPED}
    if not request.get("tools"):
        request["tools"] = [INTERACT]
    request["messages"] = _with_hint(request.get("messages") or [])
    if "gpt-5" in str(request.get("model", "")):
        _fit_gpt5(request)
    return request


def _with_hint(messages: list[Any]) -> list[Any]:
    system = next((m for m in messages if isinstance(m, dict) and m.get("role") == "system"), None)
    if system is None:
        return [{"role": "system", "content": SYSTEM_HINT}, *messages]
    content = system.get("content")
    if isinstance(content, str) and SYSTEM_HINT not in content:
        system["content"] = f"{content}\n\n{SYSTEM_HINT}"
    return messages


def _fit_gpt5(request: dict[str, Any]) -> None:
    for key in ("temperature", "top_p"):
        request.pop(key, None)
    asked = request.pop("max_tokens", None)
    tokens = request.get("max_completion_tokens") or asked or 0
    request["max_completion_tokens"] = max(MIN_GPT5_TOKENS, int(tokens))
    request["tool_choice"] = {"type": "function", "function": {"name": "interact"}}
    request["parallel_tool_calls"] = False
