"""The observation as the environment routes return it (contract, section 3.7), with the state after the action."""

from typing import Any

from .observation import Observation

PATCH = 7


def raw_observation(observation: Observation, last_reward: float, total_reward: float) -> dict[str, Any]:
    """All keys but the picture: rendering is off, because it would change the world (see engine.py)."""
    (px, py), reach = observation.position, PATCH // 2
    width, height = observation.semantic.shape
    return {
        "inventory": dict(observation.inventory),
        "achievements_status": {name: count > 0 for name, count in observation.achievements.items()},
        "player_position": list(observation.position),
        "player_direction": list(observation.facing),
        "semantic_map": observation.semantic.tolist(),
        "semantic_map_patch7": [
            [
                int(observation.semantic[px + dx, py + dy]) if 0 <= px + dx < width and 0 <= py + dy < height else 0
                for dx in range(-reach, reach + 1)
            ]
            for dy in range(-reach, reach + 1)
        ],
        "num_steps_taken": observation.steps,
        "max_steps_episode": observation.length,
        "error_info": None,
        "reward_last_step": last_reward,
        "total_reward_episode": total_reward,
        "terminated": observation.terminated,
        "truncated": observation.truncated,
    }
