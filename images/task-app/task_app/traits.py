"""What a seed's world looks like around the player at the start, and how hard that is (contract, section 3.6)."""

from .observation import Observation

RADIUS = 10
"""Manhattan distance that counts as near."""

BOUNDS: dict[str, tuple[int, int]] = {"easy": (4, 0), "medium": (2, 2), "hard": (0, 5)}
"""Least trees and most hostiles of each difficulty, the first that fits; else `custom`."""


def world_traits(observation: Observation) -> dict[str, int]:
    """Trees, cows and hostiles (zombies, skeletons) near the player."""
    x, y = observation.position
    near = [
        observation.tile(x + dx, y + dy)
        for dx in range(-RADIUS, RADIUS + 1)
        for dy in range(-RADIUS + abs(dx), RADIUS - abs(dx) + 1)
    ]
    return {
        "trees": near.count("tree"),
        "cows": near.count("cow"),
        "hostiles": near.count("zombie") + near.count("skeleton"),
    }


def difficulty(traits: dict[str, int]) -> str:
    for name, (min_trees, max_hostiles) in BOUNDS.items():
        if traits["trees"] >= min_trees and traits["hostiles"] <= max_hostiles:
            return name
    return "custom"
