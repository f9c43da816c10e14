"""A fake inference server: chat completions in the shape of vLLM's, with tool calls, token ids and log-probabilities.

It plays a script, so that a test knows what the "model" answered. Run as a program it serves on a port.
"""

import argparse
import asyncio
import json
from collections.abc import Iterable
from itertools import cycle
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

PROMPT_TOKENS = 7
WALK = {"actions": ["move_left", "do", "move_up", "do"]}


def tool_reply(arguments: Any, name: str = "interact_many") -> dict[str, Any]:
    """An assistant message with one tool call; arguments that are no string are sent as JSON."""
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": text}}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def text_reply(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text, "tool_calls": []}


class FakeInference:
    """Answers with `replies` in turn, over and over. An integer reply is an HTTP error status."""

    def __init__(self, replies: Iterable[dict[str, Any] | int] = ()) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.served_model: str | None = None
        """Model name in the answers; None: the one asked for."""
        self.with_tokens = True
        self.seconds = 0.0
        """How long an answer takes."""
        self.most_at_once = 0
        self.held: dict[str, asyncio.Event] = {}
        """By model: its answers wait for this."""
        self.connections: set[tuple[str, int]] = set()
        """Addresses that requests came from."""
        self._now = 0
        self.play(replies or [tool_reply(WALK)])
        self.app = FastAPI()
        self.app.post("/v1/chat/completions")(self._complete)

    def play(self, replies: Iterable[dict[str, Any] | int]) -> None:
        self._replies = cycle(list(replies))

    async def _complete(self, request: Request) -> JSONResponse:
        body = await request.json()
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        if request.client is not None:
            self.connections.add((request.client.host, request.client.port))
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        await asyncio.sleep(self.seconds)
        if body["model"] in self.held:
            await self.held[body["model"]].wait()
        self._now -= 1
        reply = next(self._replies)
        if isinstance(reply, int):
            return JSONResponse({"error": {"message": f"fake error {reply}"}}, status_code=reply)
        return JSONResponse(self._completion(body, reply))

    def _completion(self, body: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
        tokens = [100 + index for index in range(3)]
        choice: dict[str, Any] = {"index": 0, "message": message, "finish_reason": "tool_calls"}
        completion = {
            "id": "fake-1",
            "object": "chat.completion",
            "model": self.served_model or body["model"],
            "choices": [choice],
            "usage": {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": 3, "total_tokens": PROMPT_TOKENS + 3},
        }
        if body.get("logprobs"):
            content = [{"token": str(token), "logprob": -0.25, "top_logprobs": []} for token in tokens]
            choice["logprobs"] = {"content": content}
        if body.get("return_token_ids") and self.with_tokens:
            choice["token_ids"] = tokens
            completion["prompt_token_ids"] = list(range(PROMPT_TOKENS))
        return completion


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    uvicorn.run(FakeInference().app, host="127.0.0.1", port=parser.parse_args().port, log_level="warning")
