"""Refusals in Google's newer words: a status, and typed details."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from sandbox.world import Reply

GENERAL = {
    400: ("INVALID_ARGUMENT", "Request contains an invalid argument."),
    401: ("UNAUTHENTICATED", "Request had invalid authentication credentials."),
    403: ("PERMISSION_DENIED", "The caller does not have permission."),
    404: ("NOT_FOUND", "Requested entity was not found."),
    405: ("INVALID_ARGUMENT", "The HTTP method is not allowed for this resource."),
    429: ("RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Critical read requests' per minute per user."),
    500: ("INTERNAL", "Internal error encountered."),
    503: ("UNAVAILABLE", "The service is currently unavailable."),
}
REASONS = {403: "ACCESS_TOKEN_SCOPE_INSUFFICIENT", 429: "RATE_LIMIT_EXCEEDED"}


def refusal(code: int, status: str, message: str, *details: dict[str, Any]) -> JSONResponse:
    """One error. Each of `details` has its type as `@type`."""
    error: dict[str, Any] = {"code": code, "message": message, "status": status}
    if details:
        error["details"] = list(details)
    return JSONResponse({"error": error}, status_code=code)


def general(code: int, retry_after: float | None) -> JSONResponse:
    """The refusals that need no knowledge of the request."""
    status, message = GENERAL.get(code, GENERAL[500])
    response = refusal(code, status, message, *([info(REASONS[code])] if code in REASONS else []))
    if retry_after is not None:
        response.headers["Retry-After"] = str(int(retry_after))
    return response


def info(reason: str) -> dict[str, Any]:
    """google.rpc.ErrorInfo."""
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}


def invalid(message: str, field: str = "") -> Reply:
    """400 for a request that cannot be."""
    violation = {"field": field, "description": message}
    detail = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}
    return Reply(refusal(400, "INVALID_ARGUMENT", message, *([detail] if field else [])))


def stale() -> Reply:
    """400: the contact has changed since its data was read."""
    message = "Request person.etag is different than the current person.etag. Get the latest person and merge."
    return Reply(refusal(400, "FAILED_PRECONDITION", message))


def expired() -> Reply:
    """400: a sync token more than seven days after its full sync."""
    message = "Sync token is expired. Clear local cache and retry call without the sync token."
    return Reply(refusal(400, "FAILED_PRECONDITION", message, info("EXPIRED_SYNC_TOKEN")))


def not_found() -> Reply:
    """404: unknown, or deleted."""
    return Reply(refusal(404, *GENERAL[404]))


def exists(message: str) -> Reply:
    """409: the name of a group is taken."""
    return Reply(refusal(409, "ALREADY_EXISTS", message))


async def body(request: Request) -> Any:
    """The JSON object of a request; 400 for anything else."""
    try:
        sent = json.loads(await request.body() or b"{}")
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        raise invalid("Invalid JSON payload received.")
    return sent
