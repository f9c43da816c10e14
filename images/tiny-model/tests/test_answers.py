import pytest
import torch
from transformers import PreTrainedTokenizerFast

from tiny_model.answers import actions_of, sample_answers
from tiny_model.play import Turn, call_text
from tiny_model.vocabulary import prompt_ids
from tiny_model.warm_start import Shape, new_model


def test_the_actions_of_a_call_are_read_back() -> None:
    assert actions_of(call_text(["do", "sleep"])) == ["do", "sleep"]


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "I would go left.",
        call_text([]),
        call_text(["fly"]),
        call_text(["do"])[:-5],
        call_text(["do"]) + " and more",
        '<tool_call>\n{"name": "other", "arguments": {"actions": ["do"]}}\n</tool_call>',
        '<tool_call>\n{"name": "interact_many", "arguments": "do"}\n</tool_call>',
        "<tool_call>\n[1]\n</tool_call>",
        "<tool_call>\n{nonsense}\n</tool_call>",
    ],
)
def test_anything_else_is_no_call(answer: str) -> None:
    assert actions_of(answer) is None


def test_an_untrained_model_answers_every_prompt_with_equal_seeds_equally(
    tokenizer: PreTrainedTokenizerFast, turns: list[Turn]
) -> None:
    torch.manual_seed(0)
    model = new_model(tokenizer, Shape(layers=1, hidden=32)).eval()
    prompts = [prompt_ids(tokenizer, turn) for turn in turns[:3]]
    answers = sample_answers(model, tokenizer, prompts, seed=5)
    assert len(answers) == 3
    assert answers == sample_answers(model, tokenizer, prompts, seed=5)
