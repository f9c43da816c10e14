"""The tokens of a completion, as the server counted them: never re-made from text."""

import math
from collections.abc import Mapping
from typing import Any


def token_fields(response: Mapping[str, Any]) -> dict[str, Any]:
    """prompt_token_ids, completion_token_ids and completion_logprobs (nats) of the first choice.

    All three are null unless the server gave all of them and a log-probability for each completion token: half an
    answer must not look like one that can be trained on.
    """
    choice = response["choices"][0]
    prompt = response.get("prompt_token_ids") or choice.get("prompt_token_ids")
    completion, logprobs = choice.get("token_ids"), logprobs_of(response)
    complete = bool(prompt and completion and logprobs is not None and len(completion) == len(logprobs))
    return {
        "prompt_token_ids": prompt if complete else None,
        "completion_token_ids": completion if complete else None,
        "completion_logprobs": logprobs if complete else None,
    }


def logprobs_of(response: Mapping[str, Any]) -> list[float] | None:
    """Log-probability of each completion token, in nats; null unless every token has one, and a finite one."""
    content = (response["choices"][0].get("logprobs") or {}).get("content")
    if not isinstance(content, list):
        return None
    logprobs = [entry.get("logprob") for entry in content]
    return logprobs if all(isinstance(value, int | float) and math.isfinite(value) for value in logprobs) else None
