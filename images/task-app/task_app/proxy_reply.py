"""What the proxy changes in a vendor's completion: an answer in text becomes a tool call (contract, section 2.6)."""

import json
import re
from typing import Any

from .parsing import actions_in_text

FALLBACK_ID = "tool_interact_fallback"
_ACTIONS_LINE = re.compile(r"^\W*actions?\s*:\s*(.+)$", re.I | re.M)
_ACTION_N_LINE = re.compile(r"^\W*action\s*\d+\s*:\s*(.+)$", re.I | re.M)


def with_tool_call(completion: dict[str, Any]) -> dict[str, Any]:
    """The completion with a tool call in its first choice; unchanged if it has one, or if no action is in its text."""
    choices = completion.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    message = choice.get("message")
    if not isinstance(message, dict) or message.get("tool_calls"):
        return completion
    content = message.get("content")
    arguments = interaction_in_text(content) if isinstance(content, str) else None
    if arguments is None:
        return completion
    function = {"name": "interact", "arguments": json.dumps(arguments)}
    message["tool_calls"] = [{"id": FALLBACK_ID, "type": "function", "function": function}]
    choice["finish_reason"] = "tool_calls"
    return completion


def interaction_in_text(text: str) -> dict[str, Any] | None:
    """Arguments of an interact call: from the text as JSON, JSON within it, an `actions:` line, `action 1:` lines."""
    for candidate in (text.strip(), text[text.find("{") : text.rfind("}") + 1]):
        arguments = _from_json(candidate)
        if arguments:
            return arguments
    for pattern in (_ACTIONS_LINE, _ACTION_N_LINE):
        actions = [name for line in pattern.findall(text) for name in actions_in_text(line)]
        if actions:
            return {"actions": actions}
    return None


def _from_json(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    if isinstance(value, dict) and isinstance(value.get("arguments"), dict):
        value = value["arguments"]
    if not isinstance(value, dict):
        return None
    actions = value.get("actions") or ([value["action"]] if value.get("action") else [])
    if not isinstance(actions, list) or not actions:
        return None
    reasoning = value.get("reasoning")
    return {"actions": actions, **({"reasoning": reasoning} if isinstance(reasoning, str) else {})}
