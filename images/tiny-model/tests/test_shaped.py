"""A model of random weights that a server and a trainer take for a real one."""

from dataclasses import replace
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from tiny_model.play import Turn
from tiny_model.shaped import Size, make_model, make_tokenizer
from tiny_model.vocabulary import render

SMALL = replace(Size(), vocabulary=12_000, hidden=64, intermediate=96, layers=2, heads=4, groups=2, head=16)


def test_the_model_is_loaded_as_what_it_looks_like_and_draws_like_text(tmp_path: Path) -> None:
    make_model(SMALL, "cpu").save_pretrained(tmp_path)
    model = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert (type(model).__name__, model.dtype) == ("Qwen3ForCausalLM", torch.bfloat16)
    logits = model(torch.arange(40)[None]).logits.detach().float()
    assert 3.5 < float(logits.std()) < 5.5
    again = make_model(SMALL, "cpu")
    assert all(torch.equal(one, other) for one, other in zip(model.parameters(), again.parameters(), strict=True))


def test_every_token_has_a_text_and_prompts_have_the_length_of_real_ones(tmp_path: Path, turns: list[Turn]) -> None:
    make_tokenizer(SMALL.vocabulary).save_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    assert len(tokenizer) == SMALL.vocabulary
    assert all(token is not None for token in tokenizer.convert_ids_to_tokens(range(SMALL.vocabulary)))
    prompt = render(tokenizer, turns[0])
    ids = tokenizer.encode(prompt, add_special_tokens=False)
    assert tokenizer.decode(ids) == prompt
    assert len(prompt) / 4 < len(ids) < len(prompt) / 1.5
