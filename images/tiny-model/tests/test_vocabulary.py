import random
from pathlib import Path
from typing import Any

import pytest
from task_app.actions import ACTIONS
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from tiny_model.play import Player, Turn, call_text, random_turns
from tiny_model.vocabulary import END_OF_TEXT, TURN_END, answer_ids, make_tokenizer, prompt_ids, render


def unseen_turns() -> list[Turn]:
    return list(random_turns(random.Random(7), worlds=3, turns=10))


def test_prompts_and_calls_come_back_from_their_tokens(tokenizer: PreTrainedTokenizerFast) -> None:
    for turn in unseen_turns():
        assert tokenizer.decode(prompt_ids(tokenizer, turn)) == render(tokenizer, turn)
    for action in ACTIONS:
        assert tokenizer.decode(answer_ids(tokenizer, [action, action])) == call_text([action, action]) + TURN_END


@pytest.mark.parametrize("text", ["", "déjà vu 木", '{"a": [1, 2]}\n\t~', "move_left; do", "<tool_call>", "999 / 1000"])
def test_text_that_no_prompt_has_comes_back_too(tokenizer: PreTrainedTokenizerFast, text: str) -> None:
    ids = tokenizer.encode(text, add_special_tokens=False)
    assert tokenizer.decode(ids) == text
    assert tokenizer.get_vocab()[END_OF_TEXT] not in ids


def test_a_prompt_is_short_and_a_call_is_a_token_an_action_and_three(tokenizer: PreTrainedTokenizerFast) -> None:
    assert max(len(prompt_ids(tokenizer, turn)) for turn in unseen_turns()) < 150
    rng = random.Random(1)
    for _ in range(50):
        actions = Player.draw(rng).actions(rng)
        assert len(answer_ids(tokenizer, actions)) == len(actions) + 3


def test_equal_play_makes_equal_tokens(turns: list[Turn], tokenizer: PreTrainedTokenizerFast) -> None:
    assert make_tokenizer(turns).get_vocab() == tokenizer.get_vocab()


def test_the_saved_tokenizer_with_its_template_makes_the_same_tokens(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    tokenizer.save_pretrained(tmp_path)
    saved: Any = AutoTokenizer.from_pretrained(tmp_path)
    for turn in unseen_turns():
        assert render(saved, turn) == render(tokenizer, turn)
        assert prompt_ids(saved, turn) == prompt_ids(tokenizer, turn)
    assert saved.eos_token == TURN_END
