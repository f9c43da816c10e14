"""Who may call: the harness's check on every route, and Crafter's stricter one on /rollout.

Neither says anything about the configured keys, not even a prefix.
"""

import hmac
from collections.abc import Iterable

from fastapi import HTTPException, Request

from .errors import harness_error
from .settings import Settings


def require_api_key(request: Request) -> None:
    """Harness layer: any accepted key in X-API-Key, X-API-Keys or a bearer token; each may be a comma list.

    Raises 503 if no key is configured, 400 (so the contract has it, not 401) if none given matches.
    """
    settings: Settings = request.app.state.settings
    if not settings.accepted_keys:
        raise harness_error(503, "missing_environment_api_key", "ENVIRONMENT_API_KEY is not configured on the server")
    if not any(_matches(candidate, settings.accepted_keys) for candidate in _candidates(request)):
        raise harness_error(400, "unauthorised", "API key missing or wrong: send it in the X-API-Key header")


def require_rollout_key(request: Request) -> None:
    """Crafter layer: X-API-Key alone, one exact key, no alias. Raises 503 if none is configured, 401 if wrong."""
    settings: Settings = request.app.state.settings
    if not settings.primary_keys:
        raise HTTPException(503, "Auth not configured: missing ENVIRONMENT_API_KEY, DEV_ENVIRONMENT_API_KEY")
    given = request.headers.get("x-api-key")
    if not given:
        raise HTTPException(401, "Invalid or missing API key: X-API-Key header not provided")
    if not _matches(given, settings.primary_keys):
        raise HTTPException(401, "Invalid API key: X-API-Key does not match")


def _candidates(request: Request) -> Iterable[str]:
    headers = [*request.headers.getlist("x-api-key"), *request.headers.getlist("x-api-keys")]
    for authorization in request.headers.getlist("authorization"):
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() == "bearer":
            headers.append(token)
    return (part.strip() for header in headers for part in header.split(",") if part.strip())


def _matches(candidate: str, keys: Iterable[str]) -> bool:
    # compare_digest takes the same time wherever the first difference is: a key can't be guessed by the clock.
    return any(hmac.compare_digest(candidate.encode(), key.encode()) for key in keys)
