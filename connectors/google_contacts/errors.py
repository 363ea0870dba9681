"""What Google's contacts refuse, in the contract's words."""

from __future__ import annotations

from datetime import timedelta

from connectors.google import meaning, said
from connectors.google_contacts.schema import MEMBERS
from connectors.http import Response, retry_after
from engine.contract import AppError, CursorExpired, Invalid, Stale, Transient

PAUSE = timedelta(seconds=30)  # quotas are per minute, and Google does not say how long to wait
ADVICE = {
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "the sign-in lacks the contacts scope; sign in again and allow it",
    "SERVICE_DISABLED": "switch on the People API for your project in the Google Cloud console",
    "FAILED_PRECONDITION": "the contact was changed meanwhile",
}


def classify(response: Response) -> AppError | None:
    """The contract's error for an answer."""
    code = response.status_code
    if code < 400:
        return None
    told = said(response)
    text = told.sentence("Google Contacts", code, ADVICE)
    syncs = "syncToken" in response.request.url.params
    if told.reason == "EXPIRED_SYNC_TOKEN" or code == 410 or (syncs and code == 400):
        return CursorExpired(text)
    if code == 400 and told.reason in ("FAILED_PRECONDITION", "failedPrecondition"):
        return Stale(text)
    if code == 429:
        return Transient(text, wait=retry_after(response) or PAUSE, landed=False)
    error = meaning(response, told, text)
    if isinstance(error, Invalid):
        error.field = _field(told.field)
    return error


def _field(path: str) -> str | None:
    """Our field for Google's path (`person.names[0].givenName`); where several may be meant, the first."""
    group, _, member = path.partition("person.")[2].replace("[0]", "").partition(".")
    ours = {part: name for name, (of, part) in MEMBERS.items() if of == group}
    return ours.get(member) or next(iter(ours.values()), None)
