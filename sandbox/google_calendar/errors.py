"""Refusals in Google's words: the error body of the Calendar API."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

from sandbox.world import Reply

MESSAGES = {
    400: ("global", "badRequest", "Bad Request"),
    401: ("global", "authError", "Invalid Credentials"),
    403: ("usageLimits", "rateLimitExceeded", "Rate Limit Exceeded"),
    404: ("global", "notFound", "Not Found"),
    405: ("global", "httpMethodNotAllowed", "The HTTP method is not allowed for this resource."),
    429: ("usageLimits", "rateLimitExceeded", "Rate Limit Exceeded"),
    500: ("global", "backendError", "Backend Error"),
    503: ("global", "backendError", "The service is currently unavailable."),
}


def refusal(
    status: int, reason: str, message: str, *, domain: str = "global", location: tuple[str, str] | None = None
) -> JSONResponse:
    """One error with its reason; `location` is (type, name), such as ("parameter", "syncToken")."""
    error: dict[str, Any] = {"domain": domain, "reason": reason, "message": message}
    if location:
        error |= {"locationType": location[0], "location": location[1]}
    return JSONResponse({"error": {"code": status, "message": message, "errors": [error]}}, status_code=status)


def general(status: int, retry_after: float | None) -> JSONResponse:
    """The refusals that need no knowledge of the request."""
    domain, reason, message = MESSAGES.get(status, MESSAGES[500])
    location = ("header", "Authorization") if status == 401 else None
    response = refusal(status, reason, message, domain=domain, location=location)
    if retry_after is not None:
        response.headers["Retry-After"] = str(int(retry_after))
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="https://accounts.google.com/", error="invalid_token"'
    return response


def invalid(message: str, field: str | None = None, reason: str = "invalid") -> Reply:
    """400 for a body that cannot be."""
    return Reply(refusal(400, reason, message, location=("body", field) if field else None))


def bad_parameter(name: str, message: str = "Invalid value", reason: str = "invalid") -> Reply:
    """400 for a query parameter."""
    return Reply(refusal(400, reason, message, location=("parameter", name)))


def not_found() -> Reply:
    """404: unknown, or not for this account."""
    return Reply(refusal(404, "notFound", "Not Found"))


def gone(reason: str, message: str) -> Reply:
    """410: `fullSyncRequired`, `updatedMinTooLongAgo` or `deleted`."""
    domain = "calendar" if reason != "deleted" else "global"
    return Reply(refusal(410, reason, message, domain=domain))


def duplicate() -> Reply:
    """409: the id is taken, perhaps by a deleted event."""
    return Reply(refusal(409, "duplicate", "The requested identifier already exists."))


def precondition_failed() -> Reply:
    """412: If-Match does not hold."""
    return Reply(refusal(412, "conditionNotMet", "Precondition Failed", location=("header", "If-Match")))


def not_organizer() -> Reply:
    """403: only the organizer may change what all guests see."""
    message = "Shared properties can only be changed by the organizer of the event."
    return Reply(refusal(403, "forbiddenForNonOrganizer", message, domain="calendar"))
