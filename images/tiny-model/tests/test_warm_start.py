import random

import pytest
import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from tiny_model.play import Player, Turn
from tiny_model.vocabulary import answer_ids, prompt_ids
from tiny_model.warm_start import IGNORED, Shape, make_batch, new_model, warm_start

SMALL = Shape(layers=2, hidden=64)


@pytest.fixture
def model(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    torch.manual_seed(0)
    return new_model(tokenizer, SMALL)


def test_the_model_of_the_default_shape_has_about_a_million_parameters(tokenizer: PreTrainedTokenizerFast) -> None:
    parameters = sum(parameter.numel() for parameter in new_model(tokenizer, Shape()).parameters())
    assert 0.8e6 < parameters < 1.2e6


def test_answers_of_one_prompt_get_the_logits_that_each_would_get_alone(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, turns: list[Turn]
) -> None:
    prompts = [prompt_ids(tokenizer, turn) for turn in (turns[0], turns[40])]
    answers = [[answer_ids(tokenizer, ["do"]), answer_ids(tokenizer, ["sleep", "noop", "do"])] for _ in prompts]
    batch = make_batch(prompts, answers, padding=0)
    with torch.no_grad():
        together = model(input_ids=batch.ids, position_ids=batch.positions, attention_mask=batch.mask).logits
        for row, (prompt, own) in enumerate(zip(prompts, answers, strict=True)):
            start = len(prompt)
            for answer in own:
                alone = model(input_ids=torch.tensor([prompt + answer])).logits[0, len(prompt) :]
                torch.testing.assert_close(together[row, start : start + len(answer)], alone, atol=1e-5, rtol=1e-5)
                start += len(answer)


def test_only_answers_are_learned_and_their_first_token_once() -> None:
    batch = make_batch([[1, 2, 3], [4]], [[[7, 8], [7, 9]], [[7, 8, 9], [7]]], padding=0)
    learned = [[token for token in row if token != IGNORED] for row in batch.labels.tolist()]
    assert learned == [[7, 8, 9], [7, 8, 9]]
    assert batch.ids.tolist() == [[1, 2, 3, 7, 8, 7, 9], [4, 7, 8, 9, 7, 0, 0]]
    assert batch.positions.tolist()[0] == [0, 1, 2, 3, 4, 3, 4]


def test_a_few_steps_teach_the_form_of_a_call(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, turns: list[Turn]
) -> None:
    losses: list[float] = []
    prompts = [(prompt_ids(tokenizer, turn), turn.player) for turn in turns]
    end = warm_start(
        model,
        tokenizer,
        prompts,
        random.Random(0),
        steps=30,
        batch_size=4,
        answers=4,
        learning_rate=4e-3,
        report=lambda _, loss: losses.append(loss),
    )
    assert len(losses) == 30
    assert end < 0.6 * losses[0]
    assert not model.training


def test_a_prompts_own_player_is_imitated_and_anyone_where_there_is_none(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, turns: list[Turn]
) -> None:
    known, unknown = prompt_ids(tokenizer, turns[1]), prompt_ids(tokenizer, turns[0])
    warm_start(
        model, tokenizer, [(known, Player(2)), (unknown, None)], random.Random(0),
        steps=120, batch_size=2, answers=8, learning_rate=4e-3,
    )  # fmt: skip

    def ends_after_two(prompt: list[int]) -> float:
        *call, closing, _ = answer_ids(tokenizer, ["do", "sleep"])
        with torch.no_grad():
            return float(model(input_ids=torch.tensor([prompt + call])).logits[0, -1].softmax(-1)[closing])

    assert ends_after_two(known) > 0.8
    assert ends_after_two(unknown) < 0.4


def test_equal_seeds_make_equal_weights(tokenizer: PreTrainedTokenizerFast, turns: list[Turn]) -> None:
    prompts = [(prompt_ids(tokenizer, turn), turn.player) for turn in turns]

    def weights(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        model = new_model(tokenizer, SMALL)
        warm_start(model, tokenizer, prompts, random.Random(seed), steps=2, batch_size=2, answers=2, learning_rate=1e-3)
        return model.lm_head.weight.detach()

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))
