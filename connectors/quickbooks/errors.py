"""QuickBooks' dialect of errors: `{Fault: {Error: [{Message, Detail, code, element}]}}`; its gateway's are in small
letters."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.http import Response, classify_status, retry_after, where
from connectors.quickbooks.fields import NAMES, about
from engine.contract import AppError, AuthExpired, Invalid, Refused, Stale, Transient

MINUTE = timedelta(minutes=1)  # the window of the usual limit
STALE, TAKEN = "5010", "6240"
_PASSING = {"3001", "003001", "10000"}
_NAMED = re.compile(r"(?:parameter|Property Name:)\s*(\w+)", re.IGNORECASE)
_THERE = re.compile(r"\bId=(\d+)")


def classify(response: Response, obj: str = "") -> AppError | None:
    """The contract's error for an answer, or None. `obj`: whose fields it is about, where that is known."""
    status = response.status_code
    if status < 400:
        return None
    told = _words(_first(_body(response))) or response.reason_phrase
    said = f"QuickBooks answered {status} to {where(response)}: {told}"
    if status == 401:
        return AuthExpired(f"{said} Sign in again with: syncline connect")
    if status == 403:
        return Refused(f"{said} Check realm_id, and that the sign-in is for this company.")
    if status == 429:
        return Transient(said, wait=retry_after(response) or MINUTE, landed=False)
    if status == 400:
        return of_fault(obj, _body(response))
    return classify_status(response)


def of_fault(obj: str, answer: Mapping[str, Any]) -> AppError:
    """The contract's error for a refusal, alone or in a batch."""
    error = _first(answer)
    code, said = str(error.get("code", "")), f"QuickBooks: {_words(error)}"
    if code == STALE:
        return Stale(said)
    if code in _PASSING:
        return Transient(said, wait=MINUTE, landed=False)
    if code == TAKEN:
        there = _THERE.search(str(error.get("detail", "")))
        which = f", number {there[1]}" if there else ""
        advice = "Customers, vendors and employees share their names. Rename one of the two, or match them by name."
        return Invalid(f"QuickBooks has this name already{which}. {advice}", field=NAMES.get(obj))
    named = str(error.get("element") or "") or next(iter(_NAMED.findall(str(error.get("detail", "")))), "")
    return Invalid(said, field=about(obj, named) if obj else named or None)


def _body(response: Response) -> Mapping[str, Any]:
    try:
        body = json.loads(response.content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _first(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first error, its members in small letters."""
    fault = answer.get("Fault") or answer.get("fault") or {}
    errors = fault.get("Error") or fault.get("error") or [{}]
    return {str(name).lower(): value for name, value in errors[0].items()}


def _words(error: Mapping[str, Any]) -> str:
    message, detail = str(error.get("message") or ""), str(error.get("detail") or "")
    text = detail if message in detail else f"{message}: {detail}" if detail else message
    return f"{text[:300].rstrip('.')} ({error.get('code')})." if text else ""
