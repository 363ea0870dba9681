"""Salesforce's dialect of errors: a JSON array of `{message, errorCode, fields}`, `statusCode` in collections."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.http import Response, classify_status, retry_after, where
from engine.contract import AppError, AuthExpired, Invalid, Missing, Refused, Transient

LONGEST = 300  # characters of Salesforce's own words in a message
SOON, LATER = timedelta(seconds=5), timedelta(hours=1)
"""Until long calls have ended; until some of the last 24 hours' calls no longer count."""
_PASSING = {"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT", "INVALID_QUERY_LOCATOR"}
_GONE = {"ENTITY_IS_DELETED", "NOT_FOUND"}
_ELSEWHERE = {"INVALID_CROSS_REFERENCE_KEY", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"}
"""About the record itself where no field is named, else about a reference."""
_COLUMN = re.compile(r"No such column '(\w+)'")
_DUPLICATED = re.compile(r"duplicate value found: (\w+) duplicates value on record with id: (\w+)")


def classify(response: Response) -> AppError | None:
    """The contract's error for an answer, or None."""
    if response.status_code < 400:
        return None
    problem = _first(response)
    code = str(problem.get("errorCode", ""))
    said = (
        f"Salesforce answered {response.status_code} to {where(response)}: {_words(problem) or response.reason_phrase}"
    )
    if response.status_code == 401:
        return AuthExpired(f"{said} Sign in again with: syncline connect")
    if code == "REQUEST_LIMIT_EXCEEDED" or code in _PASSING:
        return _passing(code, problem, said, retry_after(response))
    if response.status_code == 403:
        return Refused(f"{said} Check the rights of the user, and that the org has API access.")
    if response.status_code == 400:
        return of_part({**problem, "statusCode": code})
    plain = classify_status(response)
    return type(plain)(said) if isinstance(plain, Missing) else plain


def of_part(problem: Mapping[str, Any]) -> AppError:
    """The contract's error for an error of one record in a collection."""
    code, said = str(problem.get("statusCode", "")), f"Salesforce: {_words(problem)}"
    fields = [str(name) for name in problem.get("fields") or []]
    if code == "REQUEST_LIMIT_EXCEEDED" or code in _PASSING:
        return _passing(code, problem, said, None)
    if code in _GONE or (code in _ELSEWHERE and not fields):
        return Missing(said)
    if code == "DUPLICATES_DETECTED":
        return Invalid(f"{said}{_alike(problem)}")
    message = str(problem.get("message", ""))
    if there := _DUPLICATED.search(message):
        advice = f"Merge the two in Salesforce, or confirm that record {there[2]} is this one."
        return Invalid(f"{said} {advice}", field=there[1])
    column = _COLUMN.search(message)
    return Invalid(said, field=fields[0] if fields else column[1] if column else None)


def _passing(code: str, problem: Mapping[str, Any], said: str, wait: timedelta | None) -> Transient:
    """Nothing was done: a record that is refused is rolled back, one by one."""
    used_up = code == "REQUEST_LIMIT_EXCEEDED" and "TotalRequests" in str(problem.get("message", ""))
    return Transient(said, wait=wait or (LATER if used_up else SOON), landed=False)


def _first(response: Response) -> Mapping[str, Any]:
    try:
        body = json.loads(response.content)
    except ValueError:
        return {}
    first = body[0] if isinstance(body, list) and body else body
    return first if isinstance(first, dict) else {}


def _words(problem: Mapping[str, Any]) -> str:
    code = problem.get("errorCode") or problem.get("statusCode") or ""
    return f"{str(problem.get('message') or '')[:LONGEST]} ({code})." if code else ""


def _alike(problem: Mapping[str, Any]) -> str:
    """The records that a duplicate rule found; the misspelt name is Salesforce's own."""
    told = problem.get("duplicateResult") or problem.get("duplicateResut") or {}
    ids = [
        str(record["record"]["Id"])
        for result in told.get("matchResults") or []
        for record in result.get("matchRecords") or []
    ]
    there = f" There is {', '.join(ids)}." if ids else ""
    return f"{there} Match records by what the duplicate rule looks at, or merge them in Salesforce."
