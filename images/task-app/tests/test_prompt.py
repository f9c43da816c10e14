"""The prompt has the contract's format, to the letter."""

import numpy as np

from task_app.engine import TILES
from task_app.observation import Observation
from task_app.prompt import SYSTEM_PROMPT, build_messages
from task_app.world import World

EXPECTED = """=== CRAFTER GAME STATE ===
Step: 12/10000
Health: 7
Position: (1,0)
Facing: left
Inventory: food:8, wood:2
Achievements: collect_wood, wake_up

Local Map View (5x5):
void void void void void
void void void void void
void tree player water grass
void grass cow grass grass
void grass grass grass grass

Choose your next actions.
Previous tool calls (most recent first):
- interact_many: {"actions": ["do"]}
- interact_many: {"actions": ["noop"]}
- other: free text"""


def _corner() -> Observation:
    semantic = np.full((64, 64), TILES.index("grass"), np.uint8)
    for (x, y), tile in {(0, 0): "tree", (1, 0): "player", (2, 0): "water", (1, 1): "cow"}.items():
        semantic[x, y] = TILES.index(tile)
    return Observation(
        semantic=semantic,
        position=(1, 0),
        facing=(-1, 0),
        inventory={"health": 7, "food": 8, "drink": 0, "wood": 2},
        achievements={"collect_wood": 3, "place_table": 0, "wake_up": 1},
        steps=12,
        length=10_000,
        sleeping=False,
    )


def test_user_message_is_the_contracts() -> None:
    calls = [
        {"tool": "interact_many", "args": {"actions": ["sleep"]}},
        {"tool": "other", "args": "free text"},
        {"tool": "interact_many", "args": {"actions": ["noop"]}},
        {"tool": "interact_many", "args": {"actions": ["do"]}},
    ]
    system, user = build_messages(_corner(), calls)
    assert (system["role"], user["role"]) == ("system", "user")
    assert user["content"] == EXPECTED


def test_empty_fields_have_words() -> None:
    observation = World(0).reset()
    text = build_messages(observation)[1]["content"]
    assert "Achievements: none" in text
    assert text.endswith("Previous tool calls (most recent first):\n- none")
    bare = Observation(**{**_fields(_corner()), "inventory": {"health": 9, "wood": 0}})
    assert "Inventory: empty" in build_messages(bare)[1]["content"]


def test_long_arguments_are_cut() -> None:
    user = build_messages(_corner(), [{"tool": "t", "args": {"actions": ["x" * 900]}}])[1]["content"]
    line = user.splitlines()[-1]
    assert len(line) == len("- t: ") + 500


def test_system_prompt_names_this_game_and_every_action() -> None:
    assert "Crafter" in SYSTEM_PROMPT
    assert "Wordle" not in SYSTEM_PROMPT
    assert all(f"{number}. " in SYSTEM_PROMPT for number in range(1, 9)), "eight points of strategy"
    assert "exactly one interact_many" in SYSTEM_PROMPT
    assert SYSTEM_PROMPT.endswith("make_stone_sword, make_iron_sword")


def test_tiles_have_the_games_ids() -> None:
    observation = World(0).reset()
    x, y = observation.position
    assert observation.tile(x, y) == "player"
    assert TILES[:3] == ("none", "water", "grass")
    assert TILES[12:] == ("furnace", "player", "cow", "zombie", "skeleton", "arrow", "plant")


def _fields(observation: Observation) -> dict[str, object]:
    return {name: getattr(observation, name) for name in Observation.__dataclass_fields__}
