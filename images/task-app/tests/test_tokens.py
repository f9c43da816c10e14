"""Token ids are the server's: none is made from text, whatever the text is."""

import json
import random
from typing import Any

import pytest
from conftest import Caller, rollout_body
from fake_inference import FakeInference, text_reply, tool_reply

ODD_TEXTS = [
    "",
    " \t\r\n\u00a0\u200b\u2028",
    "👩‍👩‍👧‍👦🏳️‍🌈 é é ﷽ \U0010ffff",
    '<tool_call>\n{"name": "interact_many", "arguments": {"actions": ["move_left"]}}\n</tool_call>',
    '{"a": "\\u0000\\"}"}',
    "</s><|im_end|><|endoftext|>",
]


def random_tokens(generator: random.Random) -> dict[str, Any]:
    """Ids and log-probabilities that no tokenizer would give for any text."""
    completion = [generator.randrange(2**31) for _ in range(generator.randrange(1, 12))]
    return {
        "prompt": [generator.randrange(2**31) for _ in range(generator.randrange(1, 30))],
        "completion": completion,
        "logprobs": [-generator.expovariate(0.1) for _ in completion],
    }


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_ids_and_log_probabilities_come_back_as_the_server_gave_them(
    caller: Caller, fake: FakeInference, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = random.Random(text)
    given: list[dict[str, Any]] = []
    complete = fake._completion

    def with_random_tokens(body: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
        completion, tokens = complete(body, message), random_tokens(generator)
        given.append(tokens)
        completion["prompt_token_ids"] = tokens["prompt"]
        choice = completion["choices"][0]
        choice["token_ids"] = tokens["completion"]
        choice["logprobs"] = {"content": [{"token": text, "logprob": value} for value in tokens["logprobs"]]}
        return completion

    monkeypatch.setattr(fake, "_completion", with_random_tokens)
    fake.play([text_reply(text), tool_reply(text), tool_reply({"actions": [text, "do"]}), tool_reply({"actions": []})])
    answer = caller.post("/rollout", rollout_body(turns=8, on_invalid="noop")).json()
    metas = [step["info"]["meta"] for step in answer["trajectories"][0]["steps"]]
    assert len(metas) == len(given) == 8
    for meta, tokens in zip(metas, json.loads(json.dumps(given)), strict=True):
        assert meta["prompt_token_ids"] == tokens["prompt"]
        assert meta["completion_token_ids"] == tokens["completion"]
        assert meta["completion_logprobs"] == tokens["logprobs"]
