"""From a chat completion to tool calls: the real ones, or the actions found in its text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .actions import ACTION_INDEX
from .calls import ToolCall, read_call

ALIASES: dict[str, str] = {
    "left": "move_left",
    "right": "move_right",
    "up": "move_up",
    "down": "move_down",
    "interact": "do",
    "use": "do",
    "action": "do",
    "rest": "sleep",
}
"""Words that stand for an action in free text; besides, craft_X stands for make_X."""

_TAGS = (re.compile(r"<action>(.*?)</action>", re.I | re.S), re.compile(r"\[action\](.*?)\[/action\]", re.I | re.S))
_PREFIX = re.compile(r"^\s*(?:(?:next\s+)?actions?(?:\s*\d+)?\s*[:=]|[-*•]|\d+\s*[.):])\s*", re.I)
_SEPARATOR = re.compile(r"[,;]|\band\b|\bthen\b", re.I)


@dataclass(frozen=True, slots=True)
class ParsedReply:
    calls: list[ToolCall]
    from_text: bool
    """The model made no tool call: the calls, if any, were read out of its text."""

    @property
    def well_formed(self) -> bool:
        """Every call is a real one, to interact_many, with a list of actions."""
        return bool(self.calls) and not self.from_text and all(call.well_formed for call in self.calls)


def parse_reply(message: Mapping[str, Any]) -> ParsedReply:
    """Read the assistant message of a completion. No calls at all if neither tool calls nor known actions are in it."""
    raw_calls = [raw for raw in message.get("tool_calls") or [] if isinstance(raw, Mapping)]
    if raw_calls:
        return ParsedReply([read_call(raw) for raw in raw_calls], from_text=False)
    content = message.get("content")
    actions = actions_in_text(content) if isinstance(content, str) else []
    calls = [read_call({"tool": "interact_many", "args": {"actions": actions}})] if actions else []
    return ParsedReply(calls, from_text=True)


def actions_in_text(text: str) -> list[str]:
    """Known actions in free text, in order: from action tags, else the whole text, else line by line."""
    for tag in _TAGS:
        tagged = [name for body in tag.findall(text) for name in _names(body)]
        if tagged:
            return tagged
    whole = _name(text)
    if whole:
        return [whole]
    return [name for line in text.splitlines() for name in _names(line)]


def _names(text: str) -> list[str]:
    previous = None
    while previous != text:  # a line can have several: "- 1. move_left"
        previous, text = text, _PREFIX.sub("", text)
    return [name for part in _SEPARATOR.split(text) if (name := _name(part))]


def _name(text: str) -> str | None:
    word = text.strip().strip("`'\".!()").lower().replace(" ", "_").replace("-", "_")
    if word.startswith("craft_"):
        word = f"make_{word.removeprefix('craft_')}"
    word = ALIASES.get(word, word)
    return word if word in ACTION_INDEX else None
