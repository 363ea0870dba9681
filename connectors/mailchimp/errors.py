"""Mailchimp's dialect of errors: RFC 7807, `{title, status, detail, errors: [{field, message}]}`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.http import Response, classify_status, retry_after, where
from engine.contract import AppError, AuthExpired, Invalid, Missing, Refused, Transient

BREATH = timedelta(seconds=5)  # Mailchimp limits connections at a time and does not say how long to wait
LONGEST = 300
_FIELDS = {
    "Member In Compliance State": "status",
    "Member Exists": "email_address",
    "Forgotten Email Not Subscribed": "email_address",
}


def classify(response: Response) -> AppError | None:
    """The contract's error for an answer, or None."""
    status = response.status_code
    if status < 400:
        return None
    body = _body(response)
    title = str(body.get("title") or response.reason_phrase)
    said = f"Mailchimp answered {status} {title} to {where(response)}: {_words(body)}"
    if status == 401:
        return AuthExpired(f"{said} Give the connection a new API key: syncline connect")
    if status == 403:
        return Refused(said)
    if status == 405 and response.request.method == "DELETE":  # it is archived already
        return Missing(said)
    if status == 429:
        return Transient(said, wait=retry_after(response) or BREATH, landed=False)
    if status in (400, 414, 422):
        return Invalid(said, field=_FIELDS.get(title) or _field(body))
    plain = classify_status(response)
    return Missing(said) if isinstance(plain, Missing) else plain


def of_part(problem: Mapping[str, Any]) -> Invalid:
    """The contract's error for an entry in the `errors` of a batch."""
    detail = problem.get("field_message") or problem.get("error") or problem.get("error_code")
    compliance = "compliance" in str(problem.get("error", ""))
    return Invalid(f"Mailchimp: {detail}", field="status" if compliance else _plain(str(problem.get("field") or "")))


def _body(response: Response) -> Mapping[str, Any]:
    try:
        body = json.loads(response.content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _words(body: Mapping[str, Any]) -> str:
    """The messages of the fields, else the detail."""
    details = [f"{each.get('field')}: {each.get('message')}" for each in body.get("errors") or []]
    return ("; ".join(details) or str(body.get("detail") or ""))[:LONGEST]


def _field(body: Mapping[str, Any]) -> str | None:
    return next((name for each in body.get("errors") or [] if (name := _plain(str(each.get("field") or "")))), None)


def _plain(field: str) -> str | None:
    """`merge_fields.ADDRESS` is our ADDRESS."""
    return field.removeprefix("merge_fields.").partition(".")[0] or None
