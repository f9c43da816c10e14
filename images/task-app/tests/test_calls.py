"""From an answer to the actions that are played (contract, sections 3.2 and 3.5)."""

from typing import Any

import pytest

from task_app.actions import ACTIONS
from task_app.calls import ToolCall, expand, read_call
from task_app.parsing import actions_in_text, parse_reply
from task_app.tool import INTERACT_MANY


def _names(*calls: ToolCall) -> list[str]:
    return [ACTIONS[index] for index in expand(calls).actions]


def test_the_tool_is_the_contracts() -> None:
    function = INTERACT_MANY["function"]
    actions = function["parameters"]["properties"]["actions"]
    assert function["name"] == "interact_many"
    assert function["parameters"]["required"] == ["actions"]
    assert function["parameters"]["additionalProperties"] is False
    assert (actions["minItems"], actions["maxItems"], actions["items"]["enum"]) == (1, 8, list(ACTIONS))


@pytest.mark.parametrize(
    "raw",
    [
        {"type": "function", "function": {"name": "interact_many", "arguments": '{"actions": ["do", "noop"]}'}},
        {"name": "interact_many", "arguments": {"actions": ["do", "noop"]}},
        {"tool": "interact_many", "args": {"actions": ["do", "noop"]}},
    ],
)
def test_all_forms_of_a_call_are_read(raw: dict[str, Any]) -> None:
    assert read_call(raw) == ToolCall("interact_many", {"actions": ["do", "noop"]})


def test_bad_json_counts_as_no_arguments() -> None:
    call = read_call({"function": {"name": "interact_many", "arguments": '{"actions": ["do"'}})
    assert call == ToolCall("interact_many", {})
    assert not call.well_formed
    assert _names(call) == ["noop"]


def test_exactly_move_right_do_loses_its_do() -> None:
    def played(actions: list[str]) -> list[str]:
        return read_call({"name": "interact_many", "arguments": {"actions": actions}}).args["actions"]

    assert played(["move_right", "do"]) == ["move_right"]
    assert played(["move_right", "do", "do"]) == ["move_right", "do", "do"]
    assert played(["move_left", "do"]) == ["move_left", "do"]


def test_unknown_names_are_skipped_and_counted() -> None:
    expansion = expand([ToolCall("interact_many", {"actions": ["fly", "do", "", None, "left"]})])
    assert expansion.actions == [ACTIONS.index("do")]
    assert expansion.known == 1
    assert len(expansion.invalid) == 4


def test_nothing_valid_becomes_one_noop() -> None:
    expansion = expand([ToolCall("interact_many", {"actions": ["fly"]})])
    assert (expansion.actions, expansion.known, expansion.invalid) == ([0], 0, ["fly"])


def test_integers_are_clipped_to_the_space() -> None:
    assert _names(ToolCall("interact_many", {"actions": [5, -4, 40, True]})) == ["do", "noop", "make_iron_sword"]


def test_other_tools_use_actions_then_action_then_their_name() -> None:
    assert _names(ToolCall("interact", {"actions": ["do"]})) == ["do"]
    assert _names(ToolCall("interact", {"action": "sleep"})) == ["sleep"]
    assert _names(ToolCall("interact", {"action": 1})) == ["move_left"]
    assert _names(ToolCall("place_table", {})) == ["place_table"]
    assert _names(ToolCall("nonsense", {})) == ["noop"]


def test_calls_are_cut_at_twenty_actions_and_played_in_order() -> None:
    assert len(_names(ToolCall("interact_many", {"actions": ["do"] * 50}))) == 20
    assert _names(ToolCall("sleep"), ToolCall("interact_many", {"actions": ["do"]})) == ["sleep", "do"]


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        ("<action>move_left</action> and <action>do</action>", ["move_left", "do"]),
        ("[action]move_up, do[/action]", ["move_up", "do"]),
        ("move_left", ["move_left"]),
        ("Left", ["move_left"]),
        ("craft_wood_pickaxe", ["make_wood_pickaxe"]),
        ("I will go.\n- move_left\n2. do\nAction: sleep", ["move_left", "do", "sleep"]),
        ("move up then use and rest; place table", ["move_up", "do", "sleep", "place_table"]),
        ("1) - action 2: move_down", ["move_down"]),
        ("I think about it.", []),
        ("", []),
    ],
)
def test_actions_are_found_in_text(text: str, actions: list[str]) -> None:
    assert actions_in_text(text) == actions


def test_an_answer_in_text_is_played_but_not_well_formed() -> None:
    reply = parse_reply({"content": "move_left, do", "tool_calls": []})
    assert reply.calls == [ToolCall("interact_many", {"actions": ["move_left", "do"]})]
    assert not reply.well_formed


def test_tool_calls_win_over_text() -> None:
    reply = parse_reply({"content": "sleep", "tool_calls": [{"name": "interact_many", "arguments": {"actions": []}}]})
    assert reply.calls == [ToolCall("interact_many", {"actions": []})]


@pytest.mark.parametrize("message", [{}, {"content": None}, {"content": "hm", "tool_calls": None}, {"tool_calls": "x"}])
def test_an_answer_without_any_action_has_no_calls(message: dict[str, Any]) -> None:
    assert parse_reply(message).calls == []
