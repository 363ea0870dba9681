"""Shopify's dialect of errors: most come with status 200, in `errors` of the answer or `userErrors` of a mutation."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from connectors.http import Response, classify_status, retry_after, where
from engine.contract import AppError, AuthExpired, Invalid, Missing, Refused, Transient

LONGEST = 300  # characters of Shopify's own words in a message
LOCKED = timedelta(minutes=5)
IDS = {"id", "productId", "customerId", "ownerId"}
_LOST = re.compile(r"not exist|n't exist|not be found|n't be found|not found", re.IGNORECASE)
"""Together: the record itself is not there. Other refusals (a customer with orders is to stay) name its id, too."""


def classify(response: Response) -> AppError | None:
    """The contract's error for an answer, or None."""
    body = _body(response)
    if response.status_code == 200:
        return _of_errors(body)
    said = f"Shopify answered {response.status_code} to {where(response)}: {_words(body) or response.reason_phrase}"
    if response.status_code == 401:
        return AuthExpired(f"{said} Give the connection a new token: syncline connect")
    if response.status_code in (402, 423):  # unpaid, or locked
        return Transient(f"{said} The shop is locked; ask its owner.", wait=LOCKED, landed=False)
    if response.status_code in (403, 430):
        return Refused(f"{said} Check the scopes of the app.")
    if response.status_code == 404:
        return Refused(f"{said} Is base_url the shop's own address, https://NAME.myshopify.com?")
    if response.status_code == 429:
        return Transient(said, wait=retry_after(response) or timedelta(seconds=2), landed=False)
    return classify_status(response)


def of_user(payload: Mapping[str, Any], names: Sequence[str] = ()) -> AppError | None:
    """The contract's error for the `userErrors` of a mutation, or None. `names`: our fields of the metafields sent."""
    problems = payload.get("userErrors") or []
    if not problems:
        return None
    path = [str(step) for step in problems[0].get("field") or []]
    said = "; ".join(dict.fromkeys(str(each.get("message")) for each in problems))
    if path and path[-1] in IDS and "variants" not in path and _LOST.search(said):
        return Missing(f"Shopify: {said}")
    return Invalid(f"Shopify: {said}", field=_field(path, names))


def _of_errors(body: Mapping[str, Any]) -> AppError | None:
    """By the first error: a query is refused as a whole, or has one trouble."""
    errors = body.get("errors")
    if not errors:
        return None
    first: Mapping[str, Any] = errors[0] if isinstance(errors, list) else {}
    more = first.get("extensions") or {}
    said = f"Shopify: {_words(body)}"
    code = more.get("code")
    if code == "THROTTLED":
        return Transient(said, wait=_refilled(body), landed=False)
    if code == "ACCESS_DENIED":
        return Refused(f"{said} Give the app this access in Shopify, then a new token: syncline connect")
    if code in ("INTERNAL_SERVER_ERROR", "TIMEOUT", "SHOP_INACTIVE"):
        return Transient(said)
    if problems := more.get("problems"):
        return Invalid(said, field=_field([str(step) for step in problems[0].get("path") or []], ()))
    return Refused(f"{said} This is not the Admin API that Syncline knows, or a mistake in Syncline.")


def _refilled(body: Mapping[str, Any]) -> timedelta:
    """When the bucket holds enough points again."""
    cost = (body.get("extensions") or {}).get("cost") or {}
    status = cost.get("throttleStatus") or {}
    lacking = float(cost.get("requestedQueryCost") or 0) - float(status.get("currentlyAvailable") or 0)
    return timedelta(seconds=max(1, math.ceil(lacking / float(status.get("restoreRate") or 100))))


def _field(path: Sequence[str], names: Sequence[str]) -> str | None:
    """Our field: the last step that is a name, or the metafield of that number."""
    if "metafields" in path and (number := next((step for step in path if step.isdigit()), "")):
        return names[int(number)] if int(number) < len(names) else None
    if "options" in path or "optionValues" in path or "productOptions" in path:
        return "variants"
    return next((step for step in reversed(path) if not step.isdigit() and step not in ("input", "addresses")), None)


def _body(response: Response) -> Mapping[str, Any]:
    try:
        body = json.loads(response.content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _words(body: Mapping[str, Any]) -> str:
    errors = body.get("errors")
    if not isinstance(errors, list):
        return str(errors or "")[:LONGEST]
    return "; ".join(str(each.get("message")) for each in errors)[:LONGEST]
