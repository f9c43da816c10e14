"""What this task is: the descriptors behind /info and /task_info (contract, sections 2.1 and 2.5)."""

from typing import Any

from .actions import ACTIONS
from .observation import Observation
from .settings import Settings
from .tool import INTERACT_MANY
from .traits import difficulty, world_traits

APP_ID = "grpo-crafter-task-app"
APP_ALIASES = ("grpo-crafter", "crafter", "crafter-task")
"""Other ids that clients use for this app."""

TASK = {"id": "crafter_classic", "name": "Crafter Classic", "version": "1.0.0"}
LIMITS = {"max_ops": 100_000, "max_time_s": 3600}
INFERENCE = {
    "supports_proxy": True,
    "endpoints": {"openai": "/proxy/v1/chat/completions", "groq": "/proxy/groq/v1/chat/completions"},
    "tool": {"name": "interact", "parallel_tool_calls": False},
}


def taskset(settings: Settings) -> dict[str, Any]:
    """The data set: every seed is a world."""
    return {**_dataset(settings), "config": {"area": list(settings.area), "length": settings.episode_length}}


def service_info(settings: Settings) -> dict[str, Any]:
    """The body of /info."""
    return {
        "service": {"task": TASK, "version": TASK["version"], "app_id": APP_ID, "aliases": list(APP_ALIASES)},
        "dataset": _dataset(settings),
        "rubrics": None,
        "inference": INFERENCE,
        "capabilities": {
            "supports_rollout": True,
            "supports_env_lifecycle": True,
            "requires_api_key_header": True,
            "policies": ["crafter-react", "crafter", "random"],
            "tool": INTERACT_MANY,
        },
        "limits": LIMITS,
    }


def task_info(settings: Settings, seed: int, beginning: Observation) -> dict[str, Any]:
    """The TaskInfo of one seed; `beginning` is its world's first observation."""
    traits = world_traits(beginning)
    return {
        "task": TASK,
        "environment": "crafter",
        "environments": ["crafter"],
        "action_space": {"type": "discrete", "size": len(ACTIONS), "actions": list(ACTIONS)},
        "observation": {
            "type": "text",
            "description": "Vitals, inventory, achievements and a 5x5 tile map around the player, as text",
            "keys": ["text"],
            "seed": seed,
            "traits": traits,
            "inventory": dict(beginning.inventory),
            "player_position": list(beginning.position),
        },
        "dataset": {
            **_dataset(settings),
            "seed": seed,
            "difficulty": difficulty(traits),
            "config": {"seed": seed, "area": list(settings.area), "length": settings.episode_length},
        },
        "rubric": {"outcome": None, "events": None},
        "inference": INFERENCE,
        "limits": LIMITS,
        "task_metadata": {},
    }


def _dataset(settings: Settings) -> dict[str, Any]:
    return {
        "id": "crafter_classic_procedural",
        "name": "Crafter Classic Procedural Seeds",
        "version": "1.0.0",
        "splits": ["train"],
        "default_split": "train",
        "description": "Procedural Crafter worlds, one for each seed.",
        "seed_range": [0, settings.max_seed],
        "default_seed": settings.default_seed,
    }
