"""Plays a recorded episode again: `python replay.py [--out FILE.png|FILE.gif] < episode.json`. In no image.

Standard input is one JSON object: {"env_seed": int, "actions": [[name, ...], ...], "trajectory_hash": str}, a list of
actions for each decision. Standard output is one JSON object: whether the hash came out the same, what was unlocked.
With --out, and only if it did, a picture: a strip of the state after each decision (PNG), or of every action (GIF).
Exit status 0 if the hash is the recorded one, 1 if it is another, 2 if the input can't be played.
"""

import argparse
import json
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from crafter import constants
from crafter import engine as crafter_engine
from PIL import Image, ImageDraw

from task_app.actions import ACTION_INDEX
from task_app.episode import Episode
from task_app.observation import Observation
from task_app.world import World

GRID = (9, 7)
"""Tiles that the player sees; the inventory takes two more rows."""
UNIT = (20, 20)
"""Pixels a tile."""
CAPTION = 50
"""Pixels below a picture, for three lines of text."""
LINE = 29
"""Characters that fit below a picture."""
COLUMNS = 5
FRAME_MS = 250


class Camera:
    """Takes pictures of worlds without touching them.

    Drawing at night takes noise from the world's own random numbers, after which the world goes on otherwise. So it is
    a copy that is drawn, and the copy is thrown away.
    """

    def __init__(self) -> None:
        self._textures = crafter_engine.Textures(constants.root / "assets")

    def picture(self, world: World) -> Image.Image:
        env = World.restore(world.snapshot())._env
        local = crafter_engine.LocalView(env._world, self._textures, GRID)(env._player, UNIT)
        items = crafter_engine.ItemView(self._textures, (GRID[0], 2))(env._player.inventory, UNIT)
        pixels = np.concatenate([local, items], axis=1).transpose(1, 0, 2)  # [height, width, 3]
        return Image.fromarray(pixels.astype(np.uint8))


class FilmedWorld(World):
    """A world that is photographed at its beginning and after every action."""

    def __init__(self, seed: int, camera: Camera) -> None:
        super().__init__(seed)
        self._camera = camera
        self.pictures: list[Image.Image] = []

    def reset(self) -> Observation:
        observation = super().reset()
        self.pictures = [self._camera.picture(self)]
        return observation

    def step(self, action: int | str) -> Observation:
        observation = super().step(action)
        self.pictures.append(self._camera.picture(self))
        return observation


def check(record: Any) -> list[str]:
    """What is wrong with an input, in words; empty if it can be played."""
    if not isinstance(record, dict) or not {"env_seed", "actions", "trajectory_hash"} <= set(record):
        return ["it is no object with env_seed, actions and trajectory_hash"]
    names = {name for decision in record["actions"] for name in decision}
    unknown = [f"Crafter has no action {name!r}" for name in sorted(names - set(ACTION_INDEX))]
    empty = [f"decision {index} holds no action" for index, decision in enumerate(record["actions"]) if not decision]
    return unknown + empty  # a decision without a valid action is played, and recorded, as one noop


def captions(episode: Episode, actions: Sequence[Sequence[str]]) -> list[str]:
    """For the beginning and for each decision: two lines of what was played, one of what it unlocked."""
    lines = ["start"]
    for index, decision in enumerate(actions):
        unlocked = [name for name, at in episode.unlocks if at == index]
        played = textwrap.wrap(f"{index + 1}: {', '.join(decision)}", LINE, max_lines=2, placeholder=" …")
        gained = textwrap.wrap("+ " + ", ".join(unlocked), LINE, max_lines=1) if unlocked else []
        lines.append("\n".join(played + gained))
    return lines


def captioned(picture: Image.Image, text: str) -> Image.Image:
    tile = Image.new("RGB", (picture.width, picture.height + CAPTION), "white")
    tile.paste(picture, (0, 0))
    ImageDraw.Draw(tile).multiline_text((2, picture.height + 2), text, fill="black")
    return tile


def save_strip(path: Path, tiles: Sequence[Image.Image]) -> None:
    rows = -(-len(tiles) // COLUMNS)
    width, height = tiles[0].size
    strip = Image.new("RGB", (width * min(COLUMNS, len(tiles)), height * rows), "white")
    for index, tile in enumerate(tiles):
        strip.paste(tile, (width * (index % COLUMNS), height * (index // COLUMNS)))
    strip.save(path, format="PNG")


def save_film(path: Path, tiles: Sequence[Image.Image]) -> None:
    first, *rest = tiles
    first.save(path, format="GIF", save_all=True, append_images=rest, duration=FRAME_MS, loop=0)


def draw(path: Path, world: FilmedWorld, episode: Episode, actions: Sequence[Sequence[str]]) -> None:
    """Write the picture; a GIF has a frame for each action, any other name gives a strip with one for each decision."""
    texts = captions(episode, actions)
    decision_of = [0, *(index + 1 for index, decision in enumerate(actions) for _ in decision)]
    if path.suffix.lower() == ".gif":
        save_film(path, [captioned(world.pictures[i], texts[d]) for i, d in enumerate(decision_of)])
        return
    last = {decision: picture for picture, decision in enumerate(decision_of)}  # the state after its last action
    save_strip(path, [captioned(world.pictures[last[d]], texts[d]) for d in sorted(last)])


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="the picture: .png, a strip, or .gif, a film")
    out: Path | None = parser.parse_args(argv).out
    try:
        record = json.load(sys.stdin)
    except ValueError as error:
        record = str(error)
    if problems := check(record):
        print("; ".join(problems), file=sys.stderr)
        return 2
    actions = record["actions"]
    world = FilmedWorld(record["env_seed"], Camera()) if out else World(record["env_seed"])
    world.reset()
    episode = Episode.replay(world, actions)
    found = episode.hash.hexdigest()
    same = found == record["trajectory_hash"]
    if out and same and isinstance(world, FilmedWorld):
        draw(out, world, episode, actions)
    unlocks = [{"name": name, "decision": decision} for name, decision in episode.unlocks]
    result = {
        "same": same,
        "trajectory_hash": found,
        "achievements": unlocks,
        "died_at_step": episode.died_at,
        "actions": sum(map(len, actions)),
        "out": str(out) if out and same else None,
    }
    print(json.dumps(result))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
