"""What Google Tasks refuses, in the contract's words."""

from __future__ import annotations

from connectors.google import meaning, said
from connectors.http import Response
from engine.contract import AppError, Stale

ADVICE = {
    "insufficientPermissions": "the sign-in lacks the tasks scope; sign in again and allow it",
    "accessNotConfigured": "switch on the Google Tasks API for your project in the Google Cloud console",
    "conditionNotMet": "the task was changed meanwhile",
}


def classify(response: Response) -> AppError | None:
    """The contract's error for an answer."""
    code = response.status_code
    if code < 400:
        return None
    told = said(response)
    text = told.sentence("Google Tasks", code, ADVICE)
    return Stale(text) if code == 412 else meaning(response, told, text)
