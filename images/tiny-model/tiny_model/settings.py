"""The one place that reads the command line."""

import argparse
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Everything that decides which model comes out; equal settings and sources make equal weights."""

    out: Path
    seed: int = 0
    worlds: int = 60
    """Random worlds whose observations the model sees."""
    turns: int = 40
    """Turns played in each."""
    steps: int = 400
    """Supervised steps."""
    batch_size: int = 8
    """Prompts a step."""
    answers: int = 8
    """Random calls a prompt."""
    learning_rate: float = 4e-3
    checked_answers: int = 256
    """Answers sampled at the end to see that they are real tool calls."""


def parse(arguments: list[str]) -> Settings:
    parser = argparse.ArgumentParser(prog="python -m tiny_model", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write the model to; it must not exist")
    parser.add_argument("--seed", type=int, default=Settings.seed, help="of the weights and of the random play")
    given = parser.parse_args(arguments)
    if given.out.exists():
        parser.error(f"--out: {given.out} exists; name a folder that does not")
    return Settings(out=given.out, seed=given.seed)
