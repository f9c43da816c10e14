"""Whether the model's own answers are real tool calls."""

import json
import re
from typing import Any

import torch
from task_app.actions import ACTIONS
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from .play import TOOL_NAME

MOST_TOKENS = 32
CALL = re.compile(r"<tool_call>\s*(\{.*\})\s*</tool_call>\Z", re.DOTALL)
"""What vLLM's hermes parser takes for a call; here it has to be the whole answer."""


def actions_of(answer: str) -> list[str] | None:
    """The actions of an answer that is one well-formed call of the tool; None when it is anything else."""
    match = CALL.match(answer)
    if match is None:
        return None
    try:
        call: Any = json.loads(match.group(1))
    except json.JSONDecodeError:
        return None
    arguments = call.get("arguments") if isinstance(call, dict) else None
    actions = arguments.get("actions") if isinstance(arguments, dict) else None
    if not isinstance(actions, list) or not actions or call.get("name") != TOOL_NAME:
        return None
    return actions if all(action in ACTIONS for action in actions) else None


@torch.no_grad()
def sample_answers(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, prompts: list[list[int]], seed: int
) -> list[str]:
    """One answer a prompt at temperature 1, without any help from a grammar."""
    torch.manual_seed(seed)
    width = max(map(len, prompts))
    ids = torch.full((len(prompts), width), model.config.pad_token_id or 0)  # (prompts, width), padded on the left
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(prompt)
        mask[row, width - len(prompt) :] = 1
    generator: Any = model  # its own annotations do not fit its classes
    generated: torch.Tensor = generator.generate(  # (prompts, width + answer)
        input_ids=ids, attention_mask=mask, do_sample=True, temperature=1.0, top_k=0, max_new_tokens=MOST_TOKENS
    )
    return [str(tokenizer.decode(row, skip_special_tokens=True)) for row in generated[:, width:]]
