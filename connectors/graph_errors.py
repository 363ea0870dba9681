"""Microsoft Graph's errors. Clients branch on `error.code`, never on the message (Graph's error guide)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from connectors.http import Response, classify_status, retry_after, where
from engine.contract import AppError, AuthExpired, CursorExpired, Invalid, Missing, Refused, Stale, Transient

DEPENDENCY = 424
"""Of a batch part: one it depends on failed, so it was not tried."""

_RESYNC = {"syncstatenotfound", "syncstateinvalid", "resyncrequired"}
_THROTTLED = {"ApplicationThrottled", "ErrorServerBusy", "MailboxConcurrency", "ErrorExceededConnectionCount"}
_MISSING = {"ErrorItemNotFound", "ErrorInvalidIdMalformed", "ErrorInvalidId"}
_SETTINGS = {"MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI", "ErrorNonExistentMailbox"}
_QUOTED = re.compile(r"'(\w+)'")
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Dialect:
    """What an app on Graph adds: its name, the permission it needs, and which field a refusal is about."""

    title: str
    permission: str
    properties: Mapping[str, str]
    """Graph's property -> our field; a refusal quotes the property."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """Error code -> field."""
    words: Mapping[str, str] = field(default_factory=dict)
    """Word (lower case) in the code or the message -> field, where neither code nor property tells."""

    def classify(self, response: Response) -> AppError | None:
        """The contract's error for an answer, or None."""
        if response.status_code < 400:
            return None
        code, said = _said(response)
        message = f"{self.title} answered {response.status_code} {code or response.reason_phrase}"
        message += f" to {where(response)}" + (f": {said}" if said else ".")
        if response.status_code in (400, 409, 413, 422) and not _known(code):
            return Invalid(message, field=self._field(code, said))
        return _by_code(response, code, message) or self._by_status(response, message)

    def _by_status(self, response: Response, message: str) -> AppError | None:
        """401, 403, 429 and 5xx; the rest as everywhere."""
        status, wait = response.status_code, retry_after(response)
        if status == 401:
            return AuthExpired(f"{message} Sign in again with: syncline connect")
        if status == 403:
            return Refused(f"{message} The sign-in needs the permission {self.permission}.")
        if status in (429, DEPENDENCY):
            return Transient(message, wait=wait, landed=False)
        if status >= 500:
            return Transient(message, wait=wait)
        return classify_status(response)

    def _field(self, code: str, said: str) -> str | None:
        """The field that a refusal is about, where code or the quoted property names tell."""
        if code in self.codes:
            return self.codes[code]
        text = f"{code} {said}".lower()
        told = next((field for word, field in self.words.items() if word in text), None)
        return next((self.properties[name] for name in _QUOTED.findall(said) if name in self.properties), told)


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


def _known(code: str) -> bool:
    """Whether the code says what happens next, whatever the status."""
    known = _THROTTLED | _MISSING | _SETTINGS | {"ErrorIrresolvableConflict"}
    return code in known or code.lower() in _RESYNC


def _by_code(response: Response, code: str, message: str) -> AppError | None:
    status = response.status_code
    if status == 410 or code.lower() in _RESYNC:
        return CursorExpired(message)
    if code in _THROTTLED:
        return Transient(message, wait=retry_after(response) or timedelta(seconds=5), landed=False)
    if code in _SETTINGS:
        return Refused(f"{message} This account has no mailbox that Graph can open.")
    if code == "ErrorIrresolvableConflict" or status == 412:
        return Stale(message)
    return Missing(message) if code in _MISSING or status == 404 else None
