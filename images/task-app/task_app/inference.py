"""The HTTP client towards inference servers: bearer keys, bounded retries."""

import asyncio
import time
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from .errors import RolloutError
from .inference_url import provider_of
from .settings import Settings

PASSING = {408, 409, 425, 429, 500, 502, 503, 504}
"""Statuses that may be gone at the next try."""
EXCERPT = 500


class InferenceClient:
    """Posts chat completions. Shared by all rollouts of the process; close it at the end."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=settings.max_concurrent_rollouts)
        self._http = httpx.AsyncClient(
            timeout=settings.inference_timeout_s, limits=limits, transport=transport, trust_env=False
        )

    async def complete(self, url: str, body: dict[str, Any], policy_name: str) -> dict[str, Any]:
        """One completion.

        Failures that may pass are retried within the settings' number of retries and total seconds. Raises
        RolloutError when they are used up, or at once for an answer that no retry will change.
        """
        settings, deadline = self._settings, time.monotonic() + self._settings.inference_total_s
        headers = {"X-Policy-Name": policy_name, **self._authorization(url)}
        delay = settings.inference_first_delay_s
        for attempt in range(settings.inference_max_retries + 1):
            problem = await self._attempt(url, body, headers, deadline - time.monotonic())
            if isinstance(problem, dict):
                return problem
            left = deadline - time.monotonic()
            if attempt == settings.inference_max_retries or left <= delay:
                break
            await asyncio.sleep(delay)
            delay = min(delay * settings.inference_backoff_factor, settings.inference_max_delay_s)
        raise RolloutError(f"inference server failed after {attempt + 1} attempts: {problem}")

    async def _attempt(
        self, url: str, body: dict[str, Any], headers: dict[str, str], left: float
    ) -> dict[str, Any] | str:
        """The completion, or what went wrong if a retry may help. Raises RolloutError if it can't."""
        timeout = max(0.001, min(left, self._settings.inference_timeout_s))
        try:
            response = await self._http.post(url, json=body, headers=headers, timeout=timeout)
        except httpx.TransportError as error:
            return f"{_without_query(url)}: {type(error).__name__} {error}".rstrip()
        if response.status_code in PASSING:
            return f"{_without_query(url)} answered {response.status_code}: {response.text[:EXCERPT]}"
        if response.status_code >= 300:
            raise RolloutError(
                f"inference server {_without_query(url)} answered {response.status_code}: {response.text[:EXCERPT]}"
            )
        try:
            completion = response.json()
        except ValueError:
            completion = None
        if not isinstance(completion, dict) or not completion.get("choices"):
            raise RolloutError(f"inference server {_without_query(url)} sent no completion: {response.text[:EXCERPT]}")
        return completion

    def _authorization(self, url: str) -> dict[str, str]:
        """The bearer key for a URL: none for a task-app proxy, the vendor's at its own host, else ours."""
        settings = self._settings
        if "/proxy/" in urlsplit(url).path:
            return {}
        keys: dict[str, SecretStr | None] = {"openai": settings.openai_api_key, "groq": settings.groq_api_key}
        key = keys.get(provider_of(url), settings.synth_api_key or settings.openai_api_key)
        return {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}

    async def close(self) -> None:
        await self._http.aclose()


def _without_query(url: str) -> str:
    return url.partition("?")[0]
