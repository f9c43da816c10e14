"""The prompt: a system message and one user message a turn, no chat history."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .actions import ACTIONS
from .observation import Observation

VIEW = 5
"""Side of the map square shown, in tiles."""
HISTORY = 3
"""Past calls shown."""
MAX_ARGUMENTS = 500
"""Characters of a past call's arguments shown."""

SYSTEM_PROMPT = f"""You are playing Crafter, a survival game on a grid. Goal: unlock as many different achievements as you can, and stay alive.

World rules:
- You walk on grass, sand and path. Trees, stone, ores, water, tables and furnaces block the way; lava kills.
- A move turns you to that side, and takes you there if the tile is free.
- 'do' acts on the tile that you face, and only if you stand next to it: it collects, drinks, eats or hits.

Strategy:
1. Collect wood: face a tree and repeat 'do'.
2. Place a table once you have enough wood.
3. Beside the table make a wood pickaxe, then a wood sword.
4. Collect stone and coal with the wood pickaxe; make a stone pickaxe and a stone sword at a table.
5. Place a furnace with stone; with iron, coal and wood make iron tools beside table and furnace.
6. Eat cows, drink water, sleep when energy is low; plant saplings found in grass.
7. Fight zombies and skeletons face to face; wall yourself in with stone to sleep.
8. If nothing useful is near, keep exploring: 5-8 moves in one direction.

Achievements: collect (wood, stone, coal, iron, diamond, sapling, drink), place (table, furnace, plant, stone), make (pickaxes and swords of wood, stone, iron), eat (cow, plant), defeat (zombie, skeleton), wake_up.

Action policy:
- Always answer with exactly one interact_many tool call of 2-5 actions.
- Do not repeat the same sequence when the state did not change.

Actions: {", ".join(ACTIONS)}"""


def build_messages(observation: Observation, previous_calls: Sequence[Mapping[str, Any]] = ()) -> list[dict[str, str]]:
    """The two chat messages of a turn.

    `previous_calls` are the first calls of the past turns, oldest first, each {"tool": name, "args": arguments}.
    """
    user = f"{state_text(observation)}\n\nChoose your next actions.\n{history_text(previous_calls)}"
    return [{"role": "system", "content": SYSTEM_PROMPT}, {"role": "user", "content": user}]


def state_text(observation: Observation) -> str:
    """The state as text: what the player has and the VIEW × VIEW tiles around it. The format is the contract's."""
    x, y = observation.position
    items = [f"{name}:{count}" for name, count in observation.inventory.items() if count > 0 and name != "health"]
    return "\n".join(
        [
            "=== CRAFTER GAME STATE ===",
            f"Step: {observation.steps}/{observation.length}",
            f"Health: {observation.inventory['health']}",
            f"Position: ({x},{y})",
            f"Facing: {observation.direction}",
            f"Inventory: {', '.join(items) or 'empty'}",
            f"Achievements: {', '.join(observation.unlocked) or 'none'}",
            "",
            f"Local Map View ({VIEW}x{VIEW}):",
            *(" ".join(row) for row in observation.patch(VIEW)),
        ]
    )


def history_text(previous_calls: Sequence[Mapping[str, Any]]) -> str:
    """The latest calls, most recent first."""
    recent = list(previous_calls)[-HISTORY:][::-1]
    lines = [f"- {call['tool']}: {_arguments(call['args'])}" for call in recent] or ["- none"]
    return "\n".join(["Previous tool calls (most recent first):", *lines])


def _arguments(arguments: Any) -> str:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return text[:MAX_ARGUMENTS]
