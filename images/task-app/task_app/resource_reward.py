"""The resource reward: what a decision added to the inventory, weighted. The table is the contract's (section 4.4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ITEM_WEIGHTS: dict[str, float] = {
    # resources and vitals; plant, meat and water are no items of Crafter 1.8.3 and never occur
    "wood": 0.10,
    "sapling": 0.08,
    "stone": 0.15,
    "coal": 0.18,
    "iron": 0.22,
    "plant": 0.06,
    "meat": 0.12,
    "drink": 0.07,
    "food": 0.07,
    "water": 0.07,
    "energy": 0.04,
    # tools; furnace, table and bow are no items either
    "wood_pickaxe": 0.40,
    "stone_pickaxe": 0.55,
    "iron_pickaxe": 0.75,
    "wood_sword": 0.35,
    "stone_sword": 0.50,
    "iron_sword": 0.70,
    "furnace": 0.45,
    "table": 0.30,
    "bow": 0.45,
}
OTHER_ITEM_WEIGHT = 0.05
"""Any other item: health, diamond."""


@dataclass(frozen=True, slots=True)
class ResourceReward:
    total: float
    deltas: dict[str, int] = field(default_factory=dict)
    """Items gained, with how many. Losses cost nothing and are left out."""
    components: list[dict[str, Any]] = field(default_factory=list)


def resource_reward(before: Mapping[str, int], after: Mapping[str, int]) -> ResourceReward:
    """Sum of weight × gain over every item whose count rose.

    The contract also pays for achievement counts, but from an observation key that no environment emits; so do we not.
    """
    deltas = {item: count - before.get(item, 0) for item, count in after.items() if count > before.get(item, 0)}
    components = [_component(item, delta) for item, delta in deltas.items()]
    return ResourceReward(sum(component["reward"] for component in components), deltas, components)


def _component(item: str, delta: int) -> dict[str, Any]:
    weight = ITEM_WEIGHTS.get(item, OTHER_ITEM_WEIGHT)
    return {"type": "inventory", "item": item, "delta": delta, "weight": weight, "reward": weight * delta}
