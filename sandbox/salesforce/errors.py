"""Refusals as Salesforce words them: a JSON array of `{message, errorCode, fields}`; in collections `statusCode`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from sandbox.world import Reply

_GENERAL: dict[int, tuple[int, str, str]] = {
    401: (401, "INVALID_SESSION_ID", "Session expired or invalid"),
    403: (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    404: (404, "NOT_FOUND", "The requested resource does not exist"),
    405: (405, "METHOD_NOT_ALLOWED", "HTTP Method not allowed."),
    429: (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."),
    503: (503, "SERVER_UNAVAILABLE", "Server unavailable"),
}
"""Salesforce has no 429: the daily limit and the limit of long calls at a time are both 403."""


class Wrong(Exception):
    """A record that cannot be saved. `whole`: the request cannot even be understood, so nothing of it is done."""

    def __init__(self, code: str, message: str, *fields: str, whole: bool = False, **more: Any) -> None:
        super().__init__(message)
        self.code, self.fields, self.whole, self.more = code, fields, whole, more

    def part(self) -> dict[str, Any]:
        """As an entry of a collection's result."""
        return {"statusCode": self.code, "message": str(self), "fields": list(self.fields), **self.more}

    def reply(self) -> Reply:
        """As the answer to a call on one record."""
        status = 404 if self.code in ("ENTITY_IS_DELETED", "NOT_FOUND") else 400
        return refusal(status, self.code, str(self), self.fields, **self.more)


def refusal(status: int, code: str, message: str, fields: Sequence[str] = (), **more: Any) -> Reply:
    """To be raised."""
    return Reply(_answer(status, code, message, {**more, **({"fields": list(fields)} if fields else {})}))


def general(status: int, retry_after: float | None) -> Response:
    """The shell's own: a bad token, an unknown path, limits, trouble."""
    known = _GENERAL.get(status, (status, "UNKNOWN_EXCEPTION", "An unexpected error occurred."))
    answer = _answer(*known, {})
    if retry_after is not None:
        answer.headers["Retry-After"] = f"{retry_after:g}"
    return answer


def _answer(status: int, code: str, message: str, more: dict[str, Any]) -> Response:
    return JSONResponse([{"message": message, "errorCode": code, **more}], status_code=status)
