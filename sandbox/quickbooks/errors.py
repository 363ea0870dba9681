"""Refusals as QuickBooks words them: `{Fault: {Error: [{Message, Detail, code, element}], type}, time}`."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from sandbox.world import Reply

_GENERAL: dict[int, tuple[str, str, str]] = {
    401: ("AUTHENTICATION", "3200", "message=AuthenticationFailed; errorCode=003200; statusCode=401"),
    403: ("AUTHORIZATION", "3100", "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"),
    404: ("SystemFault", "10000", "An application error has occurred while processing your request"),
    429: ("THROTTLE", "3001", "message=ThrottleExceeded; errorCode=003001; statusCode=429"),
}


class Wrong(Exception):
    """A request on one object that is refused."""

    def __init__(self, code: str, message: str, detail: str = "", element: str = "") -> None:
        super().__init__(message)
        self.code, self.detail, self.element = code, detail or message, element

    def fault(self) -> dict[str, Any]:
        """Alone, or in a batch."""
        told = {"Message": str(self), "Detail": self.detail, "code": self.code, "element": self.element}
        return {"Error": [told], "type": "ValidationFault"}

    def reply(self, time: str) -> Reply:
        """To be raised."""
        return Reply(JSONResponse({"Fault": self.fault(), "time": time}, status_code=400))


def general(status: int, retry_after: float | None) -> Response:
    """The shell's own. The gateway before QuickBooks writes it in small letters."""
    trouble = ("SystemFault", "10000", "An application error has occurred while processing your request")
    type_, code, message = _GENERAL.get(status, trouble)
    error = {"message": message, "detail": message, "code": code, "element": None}
    headers = {"Retry-After": f"{retry_after:g}"} if retry_after is not None else {}
    fault = {"error": [error], "type": type_}
    return JSONResponse({"warnings": None, "fault": fault, "status": None}, status_code=status, headers=headers)


def stale() -> Wrong:
    """An update on top of an older state."""
    detail = "Stale Object Error : You and root were working on this at the same time. root finished before you did."
    return Wrong("5010", "Stale Object Error", detail)


def missing() -> Wrong:
    """No such object, or one that is inactive where it is referred to."""
    detail = "Object Not Found : Something you're trying to use has been made inactive."
    return Wrong("610", "Object Not Found", detail)


def taken(id: str, element: str) -> Wrong:
    """A name that another customer, vendor or employee has."""
    return Wrong("6240", "Duplicate Name Exists Error", f"The name supplied already exists. : Id={id}", element)
