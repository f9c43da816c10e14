"""Seeds derived from what they are for, so that a repeated episode gets the same ones in any order."""

import hashlib

LARGEST = 2**31 - 1


def turn_seed(sampler_seed: int, turn: int) -> int:
    """The sampler's seed of a turn (0-based), in [0, 2^31 - 1]: SHA-256 of both, first 4 bytes."""
    return _first_bytes(f"turn:{sampler_seed}:{turn}") & LARGEST


def run_seed(run_id: str) -> int:
    """Seed of a rollout that names none: the first 8 hex digits of its id's SHA-256 (the contract's rule)."""
    return _first_bytes(run_id)


def _first_bytes(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
