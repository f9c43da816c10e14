"""The two vendor proxies: chat completions at OpenAI and at Groq with the server's keys."""

from typing import Any

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import SecretStr

from .errors import harness_error
from .proxy_reply import with_tool_call
from .proxy_request import vendor_request
from .services import Services

router = APIRouter()

MAX_BODY = 4000
"""Characters of a vendor's error body that are relayed."""


@router.post("/proxy/v1/chat/completions")
async def openai(body: dict[str, Any], request: Request) -> JSONResponse:
    services: Services = request.app.state.services
    return await _relay(services, "openai", services.settings.openai_base_url, services.settings.openai_api_key, body)


@router.post("/proxy/groq/v1/chat/completions")
async def groq(body: dict[str, Any], request: Request) -> JSONResponse:
    services: Services = request.app.state.services
    return await _relay(services, "groq", services.settings.groq_base_url, services.settings.groq_api_key, body)


async def _relay(
    services: Services, vendor: str, base_url: str, key: SecretStr | None, body: dict[str, Any]
) -> JSONResponse:
    """The vendor's answer. 503 without a key; the vendor's own status, in an error body, when it refuses."""
    if key is None:
        name = f"{vendor.upper()}_API_KEY"
        raise harness_error(503, f"missing_{vendor}_api_key", f"{name} is not configured on the server")
    url, headers = f"{base_url.rstrip('/')}/chat/completions", {"Authorization": f"Bearer {key.get_secret_value()}"}
    try:
        response = await services.proxy_http.post(url, json=vendor_request(body), headers=headers)
    except httpx.TransportError as error:
        raise harness_error(502, "vendor_error", f"{vendor} did not answer: {type(error).__name__}") from error
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if response.status_code >= 400:
        relayed = answer if answer is not None else response.text[:MAX_BODY]
        raise harness_error(
            response.status_code, f"{vendor}_error", f"{vendor} refused", status=response.status_code, body=relayed
        )
    if not isinstance(answer, dict):
        excerpt = response.text[:MAX_BODY]
        raise harness_error(
            502, "vendor_error", f"{vendor} sent no JSON object", status=response.status_code, body=excerpt
        )
    return JSONResponse(with_tool_call(answer))
