"""Random play: the observations and the tool calls that the model is warm-started on."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from task_app.actions import ACTIONS
from task_app.prompt import build_messages
from task_app.tool import INTERACT_MANY
from task_app.world import World

TOOL_NAME: str = INTERACT_MANY["function"]["name"]
MOST_ACTIONS = 5
"""Longest call shown to the model: as the random baseline plays, so that both start alike."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What the model sees."""

    messages: list[dict[str, str]]


def call_arguments(actions: list[str]) -> str:
    """The arguments of a call as JSON, spaced as json.dumps does it (the prompt's history shows them like that)."""
    return '{"actions": [' + ", ".join(f'"{name}"' for name in actions) + "]}"


def call_text(actions: list[str]) -> str:
    """A tool call as text, in the form that vLLM's hermes parser reads."""
    return f'<tool_call>\n{{"name": "{TOOL_NAME}", "arguments": {call_arguments(actions)}}}\n</tool_call>'


CALL_FRAME = tuple(call_text(["\0"]).split('"\0"'))
"""What comes before the first action of a call and after its last."""


def random_actions(rng: random.Random) -> list[str]:
    """1 to MOST_ACTIONS actions, every length and every action equally likely."""
    return [rng.choice(ACTIONS) for _ in range(rng.randint(1, MOST_ACTIONS))]


def random_turns(rng: random.Random, worlds: int, turns: int) -> Iterator[Turn]:
    """Plays `worlds` worlds for `turns` turns each with random actions."""
    for _ in range(worlds):
        world = World(rng.randrange(2**31))
        observation = world.reset()
        history: list[dict[str, Any]] = []
        for _ in range(turns):
            actions = random_actions(rng)
            yield Turn(build_messages(observation, history))
            for action in actions:
                observation = world.step(action)
            history.append({"tool": TOOL_NAME, "args": {"actions": actions}})
            if observation.terminated:
                break
