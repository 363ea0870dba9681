"""What the connectors of Google's apps share: where people sign in, and how Google words its errors.

Two spellings are in use: `error.errors[0].reason` (Calendar, Tasks), and `error.status` with typed `error.details`
(People). The HTTP status says little, the reason says what happens next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connectors.http import Response, classify_status, decode, retry_after
from connectors.setting import OAuthApp
from engine.contract import AppError, Invalid, Refused, Transient

TOO_FAST = {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"}
LONG_WAIT = timedelta(minutes=30)  # quotaExceeded is an anti-abuse brake that a few seconds do not lift


def sign_in(*scopes: str) -> OAuthApp:
    """Google's sign-in, asking for these scopes and for a refresh token."""
    return OAuthApp(
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
        scopes=scopes,
        extra={"access_type": "offline", "prompt": "consent"},
    )


@dataclass(frozen=True, slots=True)
class Said:
    """The body of a refusal; empty where it is not Google's (a proxy's page)."""

    reason: str = ""
    """Of the first error or of the ErrorInfo among the details, else the status word (FAILED_PRECONDITION)."""
    message: str = ""
    field: str = ""
    """The first field that is named as wrong, in Google's path."""

    def sentence(self, title: str, code: int, advice: Mapping[str, str]) -> str:
        """For people: what, and what next where a reason has an advice."""
        return f"{title}: {advice.get(self.reason) or self.message or code} ({self.reason or code})."


def said(response: Response) -> Said:
    """What Google says about a refusal."""
    try:
        error: Any = decode(response)["error"]
        first = (error.get("errors") or [{}])[0]
        details = {str(each.get("@type", "")).rpartition(".")[2]: each for each in error.get("details", [])}
        reason = first.get("reason") or details.get("ErrorInfo", {}).get("reason") or error.get("status") or ""
        wrong = (details.get("BadRequest", {}).get("fieldViolations") or [{}])[0].get("field", "")
        message = str(first.get("message") or error.get("message") or "").rstrip(".")
        return Said(str(reason), message, str(wrong))
    except (Transient, KeyError, TypeError, AttributeError):
        return Said()


def meaning(response: Response, told: Said, text: str) -> AppError | None:
    """The contract's error for a refusal, `text` being what people read, where an app has no more to say about it."""
    code = response.status_code
    if code == 403 and told.reason in TOO_FAST | {"quotaExceeded"}:
        wait = retry_after(response) or (LONG_WAIT if told.reason == "quotaExceeded" else None)
        return Transient(text, wait=wait, landed=False)
    if code == 403:
        return Refused(text)
    if code in (400, 409):
        return Invalid(text)
    error = classify_status(response)
    if error is not None and (told.message or told.reason):
        error.args = (text,)
    return error
