"""The calendar's own errors beside those that all of Google's apps share."""

from __future__ import annotations

from connectors.google import meaning, said
from connectors.http import Response
from engine.contract import AppError, CursorExpired, Invalid, Refused, Transient

ADVICE = {
    "forbiddenForNonOrganizer": "this is a guest's copy, and only the organizer may change these fields",
    "insufficientPermissions": "the sign-in lacks the calendar scope; sign in again and allow it",
    "accessNotConfigured": "switch on the Google Calendar API for your project in the Google Cloud console",
    "requiredAccessLevel": "you may only read this calendar; ask its owner for the right to make changes",
    "eventTypeRestriction": "Google does not let apps change this type of event",
    "push.webhookUrlNotHttps": "Google calls https addresses only; give one as SYNCLINE_PUBLIC_URL",
    "push.webhookUrlUnauthorized": "Google does not call this address; verify its domain in the Google Cloud console",
}


def classify(response: Response) -> AppError | None:
    """The contract's error for an answer, a part of a batch included."""
    code = response.status_code
    if code < 400:
        return None
    told = said(response)
    text = told.sentence("Google Calendar", code, ADVICE)
    if told.reason.startswith("push."):  # with 401, too, which says nothing about the sign-in
        return Refused(text)
    if code == 403 and told.reason == "forbiddenForNonOrganizer":
        return Invalid(text)
    if code == 410 and told.reason != "deleted":
        return CursorExpired(text)
    if code == 409 and told.reason == "conflict":
        return Transient(text, landed=False)
    if code in (400, 409) and told.reason == "duplicate":
        return Duplicate(text)
    if code in (400, 409) and "syncToken" in response.request.url.params:  # a broken token, sometimes, instead of 410
        return CursorExpired(text)
    return meaning(response, told, text)


class Duplicate(Invalid):
    """An insert whose id is taken; handled here, never raised to the outside."""
