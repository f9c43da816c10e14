"""The tokenizer: bytes, and one token for every name, number and fixed piece of text of the task app's prompt.

A prompt then takes about 100 tokens instead of 1,500 and a call about 6 instead of 70, which is what lets a run of ten
iterations fit into a minute. Text that the prompt never has is spelled in bytes, so nothing is unrepresentable.
"""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from task_app.actions import ACTIONS
from task_app.engine import TILES
from task_app.observation import DIRECTIONS
from task_app.prompt import VIEW
from task_app.tool import INTERACT_MANY
from task_app.world import LENGTH, World
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from .play import CALL_FRAME, Turn, call_text

END_OF_TEXT, TURN_START, TURN_END = SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CHAT_TEMPLATE = Path(__file__).with_name("chat_template.jinja")
TWO_DIGITS = [str(number) for number in range(10, 100)]
RARE = 0.01
"""A piece of text in fewer turns than this share is no token of its own."""


def names() -> list[str]:
    """Every name that the prompt may show between its fixed pieces, with the separators that come before it."""
    start = World(0).reset()
    tiles = [*TILES, "void"]
    listed = [*(f"{item}:" for item in start.inventory), *start.achievements, *(f'"{action}"' for action in ACTIONS)]
    return [
        *(f" {tile}" for tile in tiles),
        *(f"\n{tile}" for tile in tiles),
        *listed,
        *(f", {name}" for name in listed),
        *DIRECTIONS.values(),
        "empty",
        "none",
    ]


def fixed_pieces(prompts: Iterable[str]) -> list[str]:
    """The pieces of the rendered prompts that hold no name and no number; of the system message, its paragraphs."""
    constants = {f"{VIEW}x{VIEW}": "\0", f"/{LENGTH}": "\1"}  # numbers that never change
    variable = re.compile("|".join(map(re.escape, sorted(names(), key=len, reverse=True))) + r"|\d+")
    special = re.compile("|".join(map(re.escape, SPECIAL)))
    seen: Counter[str] = Counter()
    count = 0
    for prompt in prompts:
        count += 1
        _, system, *rest = special.split(prompt)
        pieces = set(re.split(r"(?<=\n\n)", system))
        for text in rest:
            for number, mark in constants.items():
                text = text.replace(number, mark)
            pieces.update(variable.split(text))
        for piece in pieces:
            for number, mark in constants.items():
                piece = piece.replace(mark, number)
            seen[piece] += 1
    return sorted(piece for piece, times in seen.items() if len(piece) > 1 and times >= RARE * count)


def make_tokenizer(turns: list[Turn]) -> PreTrainedTokenizerFast:
    """The tokenizer for turns like these, with the chat template."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate([*SPECIAL, *alphabet])}
    byte_level = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    byte_level.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    byte_level.decoder = decoders.ByteLevel()
    byte_level.add_special_tokens(list(SPECIAL))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=byte_level,
        bos_token=TURN_START,
        eos_token=TURN_END,
        pad_token=END_OF_TEXT,
        unk_token=END_OF_TEXT,
    )
    tokenizer.chat_template = CHAT_TEMPLATE.read_text()
    texts = [*names(), *TWO_DIGITS, *fixed_pieces(render(tokenizer, turn) for turn in turns), *CALL_FRAME]
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in dict.fromkeys(texts)])
    return tokenizer


def render(tokenizer: PreTrainedTokenizerFast, turn: Turn) -> str:
    """The prompt of a turn as the chat template writes it: what the server makes of the task app's request."""
    return str(
        tokenizer.apply_chat_template(turn.messages, tools=[INTERACT_MANY], add_generation_prompt=True, tokenize=False)
    )


def prompt_ids(tokenizer: PreTrainedTokenizerFast, turn: Turn) -> list[int]:
    ids: list[int] = tokenizer.encode(render(tokenizer, turn), add_special_tokens=False)
    return ids


def answer_ids(tokenizer: PreTrainedTokenizerFast, actions: list[str]) -> list[int]:
    """A call of these actions and the end of the turn."""
    ids: list[int] = tokenizer.encode(call_text(actions) + TURN_END, add_special_tokens=False)
    return ids
