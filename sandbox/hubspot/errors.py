"""Refusals as HubSpot words them: `{status, message, correlationId, category, errors?, context?, policyName?}`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from starlette.responses import JSONResponse, Response

from sandbox.world import Reply

Problem = dict[str, Any]
"""One wrong property value: `{message, error, name}`."""

_GENERAL: dict[int, tuple[str, str]] = {
    401: (
        "INVALID_AUTHENTICATION",
        "Authentication credentials not found. This API supports OAuth 2.0 authentication.",
    ),
    403: ("MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call."),
    404: ("OBJECT_NOT_FOUND", "resource not found"),
    405: ("METHOD_NOT_ALLOWED", "HTTP 405 Method Not Allowed"),
    429: ("RATE_LIMITS", "You have reached your ten_secondly_rolling limit."),
}


def body(category: str, message: str, **more: Any) -> dict[str, Any]:
    """The JSON of an error."""
    return {"status": "error", "message": message, "correlationId": str(uuid4()), "category": category, **more}


def refusal(status: int, category: str, message: str, **more: Any) -> Reply:
    """To be raised."""
    return Reply(JSONResponse(body(category, message, **more), status_code=status))


def general(status: int, retry_after: float | None) -> Response:
    """The shell's own: a bad token, an unknown path, throttling, trouble."""
    category, message = _GENERAL.get(status, ("INTERNAL_ERROR", "internal error"))
    more: dict[str, Any] = {}
    if status == 429:
        more = {"errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}
    if status == 403:
        more = {"errors": [{"message": message, "context": {"requiredGranularScopes": ["crm.objects.contacts.read"]}}]}
    headers = {"Retry-After": f"{retry_after:g}"} if retry_after is not None else {}
    return JSONResponse(body(category, message, **more), status_code=status, headers=headers)


def missing_scopes(*scopes: str) -> Reply:
    """403 with the scopes the token lacks."""
    said = _GENERAL[403][1]
    detail = {"message": "One or more of the following scopes are required.", "context": {"requiredScopes": [*scopes]}}
    return refusal(403, "MISSING_SCOPES", said, errors=[detail])


def invalid(problems: Sequence[Problem]) -> Reply:
    """400 for wrong values: the message holds JSON, `errors` the same once more."""
    detail = [{"isValid": False, **problem} for problem in problems]
    errors = [
        {"message": each["message"], "code": each["error"], "context": {"propertyName": [each["name"]]}}
        for each in problems
    ]
    return refusal(400, "VALIDATION_ERROR", f"Property values were not valid: {json.dumps(detail)}", errors=errors)


def bad_request(message: str) -> Reply:
    """400 for a request that makes no sense."""
    return refusal(400, "VALIDATION_ERROR", message)


def not_found(message: str = "resource not found") -> Reply:
    """404."""
    return refusal(404, "OBJECT_NOT_FOUND", message)


def conflict(existing: str) -> Reply:
    """409: a contact with this address is there."""
    return refusal(409, "CONFLICT", f"Contact already exists. Existing ID: {existing}")


def part(error: Reply, **context: list[str]) -> dict[str, Any]:
    """An entry of a 207's `errors`, from the refusal that the record alone would have met."""
    said = json.loads(bytes(error.response.body))
    return {
        "status": "error",
        "category": said["category"],
        "message": said["message"],
        "context": context,
        "errors": said.get("errors", []),
        "links": {},
    }
