"""The tool that the model acts with."""

from typing import Any

from .actions import ACTIONS

MAX_ACTIONS = 8
"""Most actions that the schema allows in one call."""

INTERACT_MANY: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "interact_many",
        "description": "Play a sequence of actions in the Crafter world, one after another.",
        "parameters": {
            "type": "object",
            "properties": {
                "actions": {
                    "type": "array",
                    "description": "Actions to play, in this order.",
                    "items": {"type": "string", "enum": list(ACTIONS)},
                    "minItems": 1,
                    "maxItems": MAX_ACTIONS,
                },
            },
            "required": ["actions"],
            "additionalProperties": False,
        },
    },
}
"""The one tool offered to the model, in the OpenAI function-tool format."""
