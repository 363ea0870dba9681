"""HubSpot's dialect of errors: `{status, message, category, errors: [{code, context}], policyName}`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.http import Response, classify_status, retry_after, where
from engine.contract import AppError, AuthExpired, Invalid, Missing, Refused, Transient

ROLLING = timedelta(seconds=10)  # the window of the usual limit
_WINDOWS = {"DAILY": timedelta(hours=1), "SECONDLY": timedelta(seconds=1)}
"""How long to wait where HubSpot names another policy, and no time."""
LONGEST = 300  # characters of HubSpot's own words in a message
_NAMED = re.compile(r'"name":\s*"(\w+)"')
_EXISTING = re.compile(r"Existing ID: (\d+)")


def classify(response: Response) -> AppError | None:
    """The contract's error for an answer, or None."""
    if response.status_code < 400:
        return None
    body = _body(response)
    said = f"HubSpot answered {response.status_code} to {where(response)}: {_words(body) or response.reason_phrase}"
    return _by_status(response, body, said)


def of_part(problem: Mapping[str, Any]) -> AppError:
    """The contract's error for an entry in the `errors` of an answer that half succeeded."""
    said = f"HubSpot: {_words(problem)}"
    category = problem.get("category")
    if category == "OBJECT_NOT_FOUND":
        return Missing(said)
    if category == "RATE_LIMITS":
        return Transient(said, wait=ROLLING, landed=False)
    if category == "CONFLICT":
        return _conflict(problem, said)
    return Invalid(said, field=_field(problem))


def _by_status(response: Response, body: Mapping[str, Any], said: str) -> AppError | None:
    status = response.status_code
    if status == 401:
        return AuthExpired(f"{said} Give the connection a new token: syncline connect")
    if status == 403:
        return Refused(f"{said}{_scopes(body)}")
    if status == 409:
        return _conflict(body, said)
    if status == 429:
        wait = _WINDOWS.get(str(body.get("policyName", "")).upper(), ROLLING)
        return Transient(said, wait=retry_after(response) or wait, landed=False)
    if status in (423, 477):  # locked, or the account is being moved to another data centre
        return Transient(said, wait=retry_after(response) or ROLLING, landed=False)
    if status in (400, 422):
        return Invalid(said, field=_field(body))
    plain = classify_status(response)
    return type(plain)(said) if isinstance(plain, Missing) else plain


def _body(response: Response) -> Mapping[str, Any]:
    try:
        body = json.loads(response.content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _words(body: Mapping[str, Any]) -> str:
    """What is wrong, without the JSON that HubSpot puts into some messages."""
    details = [str(each.get("message", "")) for each in body.get("errors") or [] if isinstance(each, dict)]
    text = "; ".join(filter(None, details)) or str(body.get("message") or "")
    return text[:LONGEST]


def _conflict(body: Mapping[str, Any], said: str) -> AppError:
    """A contact with the same address: HubSpot names the one that is there."""
    found = _EXISTING.search(str(body.get("message", "")))
    if not found:
        return Invalid(said, field=_field(body))
    advice = f"Merge the two in HubSpot, or confirm that record {found[1]} is this one."
    return Invalid(
        f"HubSpot has a contact with this e-mail address already, record {found[1]}. {advice}", field="email"
    )


def _field(body: Mapping[str, Any]) -> str | None:
    """The property that a refusal is about."""
    for each in body.get("errors") or []:
        context = each.get("context") if isinstance(each, dict) else None
        names = context.get("propertyName") if isinstance(context, dict) else None
        if names:
            return str(names[0])
    named = _NAMED.search(str(body.get("message", "")))
    return named[1] if named else None


def _scopes(body: Mapping[str, Any]) -> str:
    """The scopes that the token lacks, where HubSpot names them."""
    found: list[str] = []
    for each in body.get("errors") or []:
        context = each.get("context") if isinstance(each, dict) else None
        for names in context.values() if isinstance(context, dict) else ():
            found += [str(name) for name in names] if isinstance(names, list) else []
    return f" Give the token these scopes: {', '.join(dict.fromkeys(found))}." if found else ""
