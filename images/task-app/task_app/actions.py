"""The action space: Crafter's 17 discrete actions by name, in the engine's index order."""

from crafter import constants

ACTIONS: tuple[str, ...] = tuple(constants.actions)
"""Names in index order; index 0 is `noop`."""

ACTION_INDEX: dict[str, int] = {name: index for index, name in enumerate(ACTIONS)}

NOOP = ACTION_INDEX["noop"]


def action_name(index: int) -> str:
    """Name of an action index, clipped to the space as the engine's contract has it (-3 is `noop`, 99 the last)."""
    return ACTIONS[min(max(index, 0), len(ACTIONS) - 1)]
