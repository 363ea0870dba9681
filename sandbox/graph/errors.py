"""Refusals in Microsoft Graph's error shape."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


class Refusal(Exception):
    """An answer other than success. Clients branch on `code`, never on the message."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def as_json(self, request_id: str, now: datetime) -> dict[str, Any]:
        """The body of the reply."""
        inner = {"date": f"{now:%Y-%m-%dT%H:%M:%S}", "request-id": request_id, "client-request-id": request_id}
        return {"error": {"code": self.code, "message": self.message, "innerError": inner}}


def not_found() -> Refusal:
    """For ids of anything in a mailbox, also those of deleted occurrences."""
    return Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def invalid(message: str) -> Refusal:
    """A property's value does not hold water."""
    return Refusal(400, "ErrorPropertyValidationFailure", message)


def bad_request(message: str, code: str = "ErrorInvalidRequest") -> Refusal:
    """The request as a whole cannot be understood or granted."""
    return Refusal(400, code, message)


def resync(location: str) -> Refusal:
    """The delta token is unknown or too old: start a fresh round at `location`."""
    message = "The sync state generation is not found; continuing sync is not possible."
    return Refusal(410, "syncStateNotFound", message, {"Location": location})
