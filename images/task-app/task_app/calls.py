"""Tool calls as the environment reads them: from whatever form they came in to a list of action indices."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .actions import ACTION_INDEX, NOOP, action_name

MAX_CALL_ACTIONS = 20
"""Actions played of one call; the rest is cut."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call: the tool's name and its arguments (empty if they could not be read)."""

    tool: str
    args: Any = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {"tool": self.tool, "args": self.args}

    @property
    def well_formed(self) -> bool:
        """An interact_many call whose `actions` is a list; whether it names a known action shows when it's expanded."""
        actions = self.args.get("actions") if isinstance(self.args, Mapping) else None
        return self.tool == "interact_many" and isinstance(actions, list)


@dataclass(frozen=True, slots=True)
class Expansion:
    """What the environment plays for a decision: indices 0-16, at least one, and what it had to skip."""

    actions: list[int]
    known: int
    """Actions that the calls really named; 0 means that `actions` is the one no-op played instead."""
    invalid: list[str]


def read_call(raw: Mapping[str, Any]) -> ToolCall:
    """Read a call in OpenAI form, as {name, arguments} or as {tool, args}. Unreadable arguments count as empty."""
    function = raw.get("function")
    source: Mapping[str, Any] = function if isinstance(function, Mapping) else raw
    name = source.get("tool") or source.get("tool_name") or source.get("name") or ""
    arguments = source.get("arguments")
    if arguments is None:
        arguments = source.get("args")
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            arguments = {}
    return ToolCall(str(name), _without_quirk(arguments if isinstance(arguments, dict | list) else {}))


def expand(calls: Sequence[ToolCall]) -> Expansion:
    """The actions of a decision's calls, one after another. Unknown names are skipped and reported."""
    actions: list[int] = []
    invalid: list[str] = []
    for call in calls:
        for item in _items(call)[:MAX_CALL_ACTIONS]:
            index = _index(item)
            if index is None:
                invalid.append(str(item)[:80])
            else:
                actions.append(index)
    return Expansion(actions or [NOOP], len(actions), invalid)


def _without_quirk(arguments: Any) -> Any:
    # The contract's parser plays exactly [move_right, do] as [move_right].
    if isinstance(arguments, dict) and arguments.get("actions") == ["move_right", "do"]:
        return {**arguments, "actions": ["move_right"]}
    return arguments


def _items(call: ToolCall) -> list[Any]:
    args = call.args if isinstance(call.args, Mapping) else {}
    actions = args.get("actions")
    if isinstance(actions, list):
        return actions
    if isinstance(actions, str):
        return [actions]
    if call.tool == "interact_many":
        return []
    return [args["action"]] if "action" in args else [call.tool]


def _index(item: Any) -> int | None:
    if isinstance(item, bool):
        return None
    if isinstance(item, int):
        return ACTION_INDEX[action_name(item)]
    return ACTION_INDEX.get(item.strip()) if isinstance(item, str) else None
