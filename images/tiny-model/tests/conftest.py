import random

import pytest
from transformers import PreTrainedTokenizerFast

from tiny_model.play import Turn, random_turns
from tiny_model.vocabulary import make_tokenizer


@pytest.fixture(scope="session")
def turns() -> list[Turn]:
    return list(random_turns(random.Random(0), worlds=6, turns=12))


@pytest.fixture(scope="session")
def tokenizer(turns: list[Turn]) -> PreTrainedTokenizerFast:
    return make_tokenizer(turns)
