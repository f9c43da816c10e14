"""The fingerprint of an episode: equal in two processes exactly if they played the same episode."""

import hashlib
import struct

from .observation import Observation


class TrajectoryHash:
    """SHA-256 over the env seed and, for each action played, the action and the state after it.

    The state is: player position, inventory and achievement counts (names left out: their order is the game's), and
    the semantic view's bytes. Integers are little-endian.
    """

    def __init__(self, env_seed: int) -> None:
        self._sha = hashlib.sha256(f"rewardlab trajectory 1 seed {env_seed}\n".encode())

    def update(self, action: int, after: Observation) -> None:
        """Add one action (its index) and the state that it led to."""
        inventory, achievements = after.inventory.values(), after.achievements.values()
        self._sha.update(struct.pack("<B2i", action, *after.position))
        self._sha.update(struct.pack(f"<{len(inventory)}i{len(achievements)}i", *inventory, *achievements))
        self._sha.update(after.semantic.tobytes())

    def hexdigest(self) -> str:
        return self._sha.hexdigest()
