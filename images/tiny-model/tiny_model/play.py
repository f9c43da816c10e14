"""Random play: the observations and the tool calls that the model is warm-started on.

Calls are random in everything but one thing: a player makes all its calls equally long. Nothing says which length pays,
so the model learns nothing of the game; but an episode of it is then all short calls or all long ones, and its return
tells which were better. With lengths drawn anew for each call, the episodes of a group play more nearly as many
actions, and their returns tell less.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from task_app.actions import ACTIONS
from task_app.prompt import build_messages
from task_app.tool import INTERACT_MANY, MAX_ACTIONS
from task_app.world import World

TOOL_NAME: str = INTERACT_MANY["function"]["name"]
PLAYER_TURNS = 10
"""Turns that a player plays before another takes its place: as many as an episode of the embedded stack has."""


@dataclass(frozen=True, slots=True)
class Player:
    """Plays random actions, always as many a call."""

    length: int

    @classmethod
    def draw(cls, rng: random.Random) -> Self:
        """Any length that the tool allows, all equally likely."""
        return cls(rng.randint(1, MAX_ACTIONS))

    def actions(self, rng: random.Random) -> list[str]:
        """A call's actions, every action equally likely."""
        return rng.choices(ACTIONS, k=self.length)


@dataclass(frozen=True, slots=True)
class Turn:
    """What the model sees, and who is playing."""

    messages: list[dict[str, str]]
    player: Player | None
    """None where no past call is shown: it could be any player."""


def call_arguments(actions: list[str]) -> str:
    """The arguments of a call as JSON, spaced as json.dumps does it (the prompt's history shows them like that)."""
    return '{"actions": [' + ", ".join(f'"{name}"' for name in actions) + "]}"


def call_text(actions: list[str]) -> str:
    """A tool call as text, in the form that vLLM's hermes parser reads."""
    return f'<tool_call>\n{{"name": "{TOOL_NAME}", "arguments": {call_arguments(actions)}}}\n</tool_call>'


CALL_FRAME = tuple(call_text(["\0"]).split('"\0"'))
"""What comes before the first action of a call and after its last."""


def random_turns(rng: random.Random, worlds: int, turns: int) -> Iterator[Turn]:
    """Plays `worlds` worlds for `turns` turns each; every PLAYER_TURNS a new player goes on, with no past calls."""
    for _ in range(worlds):
        world = World(rng.randrange(2**31))
        observation = world.reset()
        for turn in range(turns):
            if turn % PLAYER_TURNS == 0:
                player, history = Player.draw(rng), list[dict[str, Any]]()
            yield Turn(build_messages(observation, history), player if history else None)
            actions = player.actions(rng)
            for action in actions:
                observation = world.step(action)
            history.append({"tool": TOOL_NAME, "args": {"actions": actions}})
            if observation.terminated:
                break
