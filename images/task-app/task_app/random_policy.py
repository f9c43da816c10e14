"""The random policy: a baseline that needs no model."""

import random
from collections.abc import Sequence

from .actions import ACTIONS
from .calls import ToolCall
from .observation import Observation
from .policy import Decision
from .seeds import turn_seed
from .tool import MAX_ACTIONS


class RandomPolicy:
    """Uniform over the 17 actions and over the lengths of a call that the tool allows.

    The same sampler seed gives the same episode.
    """

    def __init__(self, sampler_seed: int) -> None:
        self._sampler_seed = sampler_seed

    async def decide(self, observation: Observation, history: Sequence[ToolCall], turn: int) -> Decision:
        generator = random.Random(turn_seed(self._sampler_seed, turn))
        actions = generator.choices(ACTIONS, k=generator.randint(1, MAX_ACTIONS))
        meta = {"served_model": "random", "turn_index": turn, "finish_reason": None}
        return Decision([ToolCall("interact_many", {"actions": actions})], well_formed=True, meta=meta)
