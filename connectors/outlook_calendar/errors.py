"""Graph's dialect of errors. Clients branch on `error.code`, never on the message (Graph's error guide)."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

from connectors.http import Response, classify_status, retry_after, where
from engine.contract import AppError, AuthExpired, CursorExpired, Invalid, Missing, Refused, Stale, Transient

DUPLICATE = "ErrorDuplicateTransactionId"
CROSSING = "ErrorOccurrenceCrossingBoundary"
DEPENDENCY = 424
"""Of a batch part: one it depends on failed, so it was not tried."""

_RESYNC = {"syncstatenotfound", "syncstateinvalid", "resyncrequired"}
_THROTTLED = {"ApplicationThrottled", "ErrorServerBusy", "MailboxConcurrency", "ErrorExceededConnectionCount"}
_MISSING = {"ErrorItemNotFound", "ErrorInvalidIdMalformed", "ErrorInvalidId"}
_SETTINGS = {"MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI", "ErrorNonExistentMailbox"}
_FIELDS = {
    CROSSING: "occurrences",
    "ErrorInvalidRecipients": "attendees",
    "TimeZoneNotSupportedException": "start",
    "ErrorInvalidTimeZone": "start",
    "ErrorCalendarEndDateIsEarlierThanStartDate": "end",
    "ErrorCalendarDurationIsTooLong": "end",
    "ErrorRecurrenceHasNoOccurrence": "recurrence",
    "ErrorRecurrenceEndDateTooBig": "recurrence",
}
_PROPERTIES = {
    "subject": "subject",
    "body": "body",
    "location": "location",
    "start": "start",
    "end": "end",
    "isAllDay": "start",
    "showAs": "showAs",
    "sensitivity": "sensitivity",
    "importance": "importance",
    "categories": "categories",
    "reminderMinutesBeforeStart": "reminder",
    "recurrence": "recurrence",
}
_QUOTED = re.compile(r"'(\w+)'")
LONGEST = 300


def classify(response: Response) -> AppError | None:
    """The contract's error for an answer, or None."""
    if response.status_code < 400:
        return None
    code, said = _said(response)
    message = f"Outlook answered {response.status_code} {code or response.reason_phrase}"
    message += f" to {where(response)}" + (f": {said}" if said else ".")
    return _by_code(response, code, said, message) or _by_status(response, message)


def code_of(body: Any) -> str:
    """`error.code` of a reply's body, or an empty string."""
    error = body.get("error") if isinstance(body, dict) else None
    return str(error.get("code") or "") if isinstance(error, dict) else ""


def _said(response: Response) -> tuple[str, str]:
    try:
        body = json.loads(response.content)
    except ValueError:
        return "", ""
    code = code_of(body)
    return code, str(body["error"].get("message") or "")[:LONGEST] if code else ""


def _by_code(response: Response, code: str, said: str, message: str) -> AppError | None:
    status = response.status_code
    if status == 410 or code.lower() in _RESYNC:
        return CursorExpired(message)
    if code in _THROTTLED:
        return Transient(message, wait=retry_after(response) or timedelta(seconds=5), landed=False)
    if code in _SETTINGS:
        return Refused(f"{message} This account has no mailbox that Graph can open.")
    if code == "ErrorIrresolvableConflict" or status == 412:
        return Stale(message)
    if code in _MISSING or status == 404:
        return Missing(message)
    if status in (400, 409, 413, 422):
        return Invalid(message, field=_field(code, said))
    return None


def _by_status(response: Response, message: str) -> AppError | None:
    """401, 403, 429 and 5xx; the rest as everywhere."""
    status, wait = response.status_code, retry_after(response)
    if status == 401:
        return AuthExpired(f"{message} Sign in again with: syncline connect")
    if status == 403:
        return Refused(f"{message} The sign-in needs the permission Calendars.ReadWrite.")
    if status in (429, DEPENDENCY):
        return Transient(message, wait=wait, landed=False)
    if status >= 500:
        return Transient(message, wait=wait)
    return classify_status(response)


def _field(code: str, said: str) -> str | None:
    """The field that a refusal is about, where code or the quoted property names tell."""
    if code in _FIELDS:
        return _FIELDS[code]
    named = (_PROPERTIES[name] for name in _QUOTED.findall(said) if name in _PROPERTIES)
    return next(named, "recurrence" if "recurrence" in f"{code} {said}".lower() else None)
