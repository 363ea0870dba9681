"""Refusals as Mailchimp words them: RFC 7807, `{type, title, status, detail, instance, errors?}`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from starlette.responses import JSONResponse, Response

from sandbox.world import Reply

GLOSSARY = "https://mailchimp.com/developer/marketing/docs/errors/"
_GENERAL: Mapping[int, tuple[str, str]] = {
    401: ("API Key Invalid", "Your API key may be invalid, or you've attempted to access the wrong datacenter."),
    403: ("User Disabled", "This user has been disabled."),
    404: ("Resource Not Found", "The requested resource could not be found."),
    405: ("Method Not Allowed", "The requested method and resource are not compatible."),
    429: ("Too Many Requests", "You have exceeded the limit of 10 simultaneous connections."),
}


def problem(
    status: int, title: str, detail: str, errors: Sequence[Mapping[str, str]] = (), retry_after: float | None = None
) -> Response:
    """The answer."""
    body = {"type": GLOSSARY, "title": title, "status": status, "detail": detail, "instance": str(uuid4())}
    headers = {"Retry-After": f"{retry_after:g}"} if retry_after is not None else {}
    content = {**body, **({"errors": list(errors)} if errors else {})}
    return JSONResponse(content, status_code=status, headers=headers, media_type="application/problem+json")


def general(status: int, retry_after: float | None) -> Response:
    """The shell's own."""
    trouble = ("Internal Server Error", "An unexpected internal error has occurred.")
    return problem(status, *_GENERAL.get(status, trouble), retry_after=retry_after)


def refusal(title: str, detail: str, errors: Sequence[Mapping[str, str]] = ()) -> Reply:
    """400, to be raised."""
    return Reply(problem(400, title, detail, errors))


def invalid(errors: Sequence[Mapping[str, str]]) -> Reply:
    """400 for wrong fields: `{field, message}` each."""
    detail = "The resource submitted could not be validated. For field-specific details, see the 'errors' array."
    return refusal("Invalid Resource", detail, errors)


def not_found() -> Reply:
    """404."""
    return Reply(general(404, None))


def exists(address: str) -> Reply:
    """A member with that address is there, archived perhaps."""
    detail = f"{address} is already a list member. Use PUT to insert or update list members."
    return refusal("Member Exists", detail)


def compliance(address: str) -> Reply:
    """Somebody who said no, or whose mail bounced."""
    detail = f"{address} is in a compliance state due to unsubscribe, bounce, or compliance review"
    return refusal("Member In Compliance State", f"{detail} and cannot be subscribed.")


def forgotten(address: str) -> Reply:
    """Permanently deleted before."""
    detail = f"{address} was permanently deleted and cannot be re-imported. The contact must re-subscribe"
    return refusal("Forgotten Email Not Subscribed", f"{detail} to get back on the list.")


def of_batch(given: Mapping[str, Any], refused: Reply) -> dict[str, Any]:
    """An entry of a batch's `errors`."""
    said = json.loads(bytes(refused.response.body))
    first = (said.get("errors") or [{}])[0]
    code = {"Member Exists": "ERROR_CONTACT_EXISTS"}.get(said["title"], "ERROR_GENERIC")
    about = {"field": first.get("field", ""), "field_message": first.get("message", "")}
    return {"email_address": given.get("email_address"), "error": said["detail"], "error_code": code, **about}
