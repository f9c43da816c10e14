"""The inference URL of a request: its chat-completions address, and the correlation id that its query may carry."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

_QUERY_KEYS = ("cid", "trace_correlation_id", "trace")
_ENDPOINT = "/chat/completions"


def chat_completions_url(url: str) -> str:
    """The address to post to, from a base, a /v1 base or the full address; the query is kept.

    Raises ValueError for anything that is no http(s) URL.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError(f"inference_url must be an http or https URL, not {url!r}")
    path = parts.path.rstrip("/")
    if not path.endswith(_ENDPOINT):
        path = (path or "/v1") + _ENDPOINT
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def correlation_id(policy_config: Mapping[str, Any]) -> str | None:
    """The trace correlation id: config's trace_correlation_id, then trace, then the URL's cid and its other names."""
    for key in ("trace_correlation_id", "trace"):
        value = policy_config.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
    url = policy_config.get("inference_url")
    query = parse_qs(urlsplit(url).query) if isinstance(url, str) else {}
    values = (value.strip() for key in _QUERY_KEYS for value in query.get(key, []))
    return next((value for value in values if value), None)


def provider_of(url: str) -> str:
    """openai, groq or custom, by the host's name."""
    host = urlsplit(url).hostname or ""
    for name, domain in (("openai", "openai.com"), ("groq", "groq.com")):
        if host == domain or host.endswith(f".{domain}"):
            return name
    return "custom"
