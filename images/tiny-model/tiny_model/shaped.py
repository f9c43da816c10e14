"""`python -m tiny_model.shaped --out FOLDER`: random weights in the shape of Qwen3-4B, for benches without a download.

It takes the time and the memory of the real one, answers with noise and learns nothing. Where there is a GPU it is made
there; 8 GB on disk in a minute or two.
"""

import argparse
import string
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, product
from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from .vocabulary import CHAT_TEMPLATE, END_OF_TEXT, SPECIAL, TURN_END, TURN_START


@dataclass(frozen=True)
class Size:
    """Qwen3-4B's, from its published config.json; 4.02 B parameters with tied embeddings."""

    vocabulary: int = 151_936
    hidden: int = 2560
    intermediate: int = 9728
    layers: int = 36
    heads: int = 32
    groups: int = 8
    """Key-value heads."""
    head: int = 128
    positions: int = 40_960


LOGIT_SPREAD = 4.5
"""Standard deviation of the logits: an entropy of some nats a token, as text has."""


def make_model(size: Size, device: str) -> Qwen3ForCausalLM:
    """Random weights in bfloat16, equal for equal size and device."""
    config = Qwen3Config(
        vocab_size=size.vocabulary,
        hidden_size=size.hidden,
        intermediate_size=size.intermediate,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        num_key_value_heads=size.groups,
        head_dim=size.head,
        max_position_embeddings=size.positions,
        rms_norm_eps=1e-6,
        rope_parameters={"rope_type": "default", "rope_theta": 1_000_000.0},
        tie_word_embeddings=True,
        dtype=torch.bfloat16,
    )
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    try:
        with torch.device(device):
            model = Qwen3ForCausalLM(config)
    finally:
        torch.set_default_dtype(torch.float32)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.normal_(0, 0.02)
        # The last norm gives vectors of length sqrt(hidden) x its weight; a row of the tied head has 0.02 sqrt(hidden).
        model.model.norm.weight.fill_(LOGIT_SPREAD / (0.02 * size.hidden**0.5))
    return model


def pieces() -> Iterator[tuple[str, str]]:
    """Merges of two pieces that are there already: pairs of printable characters, then triples; letters first."""
    letters = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    printable = string.ascii_lowercase + " " + string.ascii_uppercase + string.digits + string.punctuation
    units = [letters.pre_tokenize_str(character)[0][0] for character in printable]
    yield from product(units, units)
    yield from ((first + second, third) for first, second, third in product(units, units, units))


def make_tokenizer(vocabulary: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE of exactly so many tokens, about three characters of English each; every id has a text."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = list(islice(pieces(), max(0, vocabulary - len(alphabet) - len(SPECIAL))))
    tokens = {token: index for index, token in enumerate([*alphabet, *(first + second for first, second in merges)])}
    byte_level = Tokenizer(models.BPE(vocab=tokens, merges=merges))
    byte_level.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    byte_level.decoder = decoders.ByteLevel()
    byte_level.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=byte_level, bos_token=TURN_START, eos_token=TURN_END, pad_token=END_OF_TEXT
    )
    tokenizer.chat_template = CHAT_TEMPLATE.read_text()
    missing = vocabulary - len(tokenizer)
    tokenizer.add_tokens([AddedToken(f"<|unused_{index}|>", normalized=False) for index in range(missing)])
    return tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--layers", type=int, default=Size().layers, help="fewer make a quicker, smaller model")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments = parser.parse_args()
    size = replace(Size(), layers=arguments.layers)
    make_tokenizer(size.vocabulary).save_pretrained(arguments.out)
    make_model(size, arguments.device).save_pretrained(arguments.out)
    print(f"{arguments.out}: random weights, {size}", flush=True)


if __name__ == "__main__":
    main()
