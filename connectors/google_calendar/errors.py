"""Google's dialect of errors: the status says little, `error.errors[0].reason` says what happens next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connectors.http import Response, classify_status, decode, retry_after
from engine.contract import AppError, CursorExpired, Invalid, Refused, Transient

TOO_FAST = {"rateLimitExceeded", "userRateLimitExceeded"}
LONG_WAIT = timedelta(minutes=30)  # quotaExceeded is an anti-abuse brake that a few seconds do not lift
ADVICE = {
    "forbiddenForNonOrganizer": "this is a guest's copy, and only the organizer may change these fields",
    "insufficientPermissions": "the sign-in lacks the calendar scope; sign in again and allow it",
    "accessNotConfigured": "switch on the Google Calendar API for your project in the Google Cloud console",
    "requiredAccessLevel": "you may only read this calendar; ask its owner for the right to make changes",
    "eventTypeRestriction": "Google does not let apps change this type of event",
}


def classify(response: Response) -> AppError | None:
    """The contract's error for an answer, a part of a batch included."""
    code = response.status_code
    if code < 400:
        return None
    reason, message = _said(response)
    text = f"Google Calendar: {ADVICE.get(reason) or message or code} ({reason or code})."
    if code == 403 and (reason in TOO_FAST or reason == "quotaExceeded"):
        wait = retry_after(response) or (LONG_WAIT if reason == "quotaExceeded" else None)
        return Transient(text, wait=wait, landed=False)
    if code == 403:
        return Invalid(text) if reason == "forbiddenForNonOrganizer" else Refused(text)
    if code == 410 and reason != "deleted":
        return CursorExpired(text)
    if code == 409 and reason == "conflict":
        return Transient(text, landed=False)
    if code in (400, 409):
        return Duplicate(text) if reason == "duplicate" else _invalid(response, text)
    error = classify_status(response)
    if error is not None and (message or reason):
        error.args = (text,)
    return error


class Duplicate(Invalid):
    """An insert whose id is taken; handled here, never raised to the outside."""


def _invalid(response: Response, text: str) -> AppError:
    """A broken sync token is sometimes said with 400 instead of 410."""
    if "syncToken" in response.request.url.params:
        return CursorExpired(text)
    return Invalid(text)


def _said(response: Response) -> tuple[str, str]:
    """Reason and message of the error body; empty where the body is not Google's (a proxy's page)."""
    try:
        error: Any = decode(response)["error"]
        first = (error.get("errors") or [{}])[0]
        return str(first.get("reason", "")), str(first.get("message") or error.get("message") or "").rstrip(".")
    except (Transient, KeyError, TypeError, AttributeError):
        return "", ""
