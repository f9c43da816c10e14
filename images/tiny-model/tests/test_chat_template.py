from typing import Any

from task_app.prompt import SYSTEM_PROMPT
from task_app.tool import INTERACT_MANY
from transformers import PreTrainedTokenizerFast

from tiny_model.play import Turn
from tiny_model.vocabulary import render


def test_the_template_shows_both_messages_the_tool_and_the_start_of_the_answer(
    turns: list[Turn], tokenizer: PreTrainedTokenizerFast
) -> None:
    text = render(tokenizer, turns[0])
    tool = INTERACT_MANY["function"]
    assert text.startswith(f"<|im_start|>system\n{SYSTEM_PROMPT}\n\nTool {tool['name']}: {tool['description']}")
    assert f"<|im_start|>user\n{turns[0].messages[1]['content']}<|im_end|>\n" in text
    assert text.endswith("<|im_end|>\n<|im_start|>assistant\n")


def test_a_past_call_is_written_as_the_model_writes_it(tokenizer: PreTrainedTokenizerFast) -> None:
    arguments = '{"actions": ["do"]}'
    for given in (arguments, {"actions": ["do"]}):
        call = {"type": "function", "function": {"name": "interact_many", "arguments": given}}
        messages: Any = [
            {"role": "system", "content": "S"},
            {"role": "user", "content": "U"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "content": "R"},
        ]
        text = tokenizer.apply_chat_template(messages, tokenize=False)
        assert text == (
            "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\n"
            f'<tool_call>\n{{"name": "interact_many", "arguments": {arguments}}}\n</tool_call><|im_end|>\n'
            "<|im_start|>user\nR<|im_end|>\n"
        )
