"""Microsoft Graph: change notifications, which tell nothing but that something changed.

They live for some days, and are not signed: a secret comes back in each (`clientState`).
At the start Graph calls the address with `?validationToken=...` and wants the token back as plain text.
"""

from __future__ import annotations

import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from connectors.graph import PREFER, ROOT
from connectors.http import Client
from engine.contract import Missing, Refused

LIFE = timedelta(
    days=6
)  # of events and contacts: 10,080 minutes at most; a day less leaves room for clocks that differ
PATH = f"{ROOT}/subscriptions"
_MAILBOX = re.compile(r"^/?(me|users/[^/]+)/", re.IGNORECASE)


def subscribe(http: Client, resource: str, url: str, secret: str, life: timedelta = LIFE) -> tuple[str, datetime]:
    """Subscription id and expiry. A former one of ours to the same address is ended: two are not allowed."""
    for each in http.json("GET", PATH, headers=PREFER)["value"]:
        if each.get("notificationUrl") == url and _bare(each.get("resource")) == _bare(resource):
            unsubscribe(http, each["id"])
    body = {
        "changeType": "created,updated,deleted",
        "notificationUrl": url,
        "lifecycleNotificationUrl": url,
        "resource": resource.replace("%3D", "="),  # as Graph's own examples spell ids
        "expirationDateTime": _in_time(life),
        "clientState": secret,
    }
    made = http.json("POST", PATH, json=body, headers=PREFER)
    return str(made["id"]), _expiry(made)


def renew(http: Client, subscription: str, life: timedelta = LIFE) -> datetime:
    """The new expiry; raises Missing for one that has ended."""
    until = {"expirationDateTime": _in_time(life)}
    return _expiry(http.json("PATCH", _path(subscription), json=until, idempotent=True))


def unsubscribe(http: Client, subscription: str) -> None:
    """Ends it, if there is one."""
    try:
        http.request("DELETE", _path(subscription), idempotent=True)
    except Missing:
        return


def verify(body: bytes, secret: str) -> None:
    """Raises Refused unless each message carries the secret."""
    try:
        messages = json.loads(body)["value"]
        states = [str(each.get("clientState") or "") for each in messages]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused("This is not a notification of Microsoft Graph.") from error
    if not states or not all(hmac.compare_digest(state.encode(), secret.encode()) for state in states):
        raise Refused("The notification does not carry the secret of our subscription.")


def _bare(resource: Any) -> str:
    """Without what Graph may spell otherwise: the mailbox (`me` or `Users/<id>`), and how ids are encoded."""
    return unquote(_MAILBOX.sub("", str(resource or ""))).lower()


def _path(subscription: str) -> str:
    return f"{PATH}/{quote(subscription, safe='')}"


def _in_time(life: timedelta) -> str:
    return f"{datetime.now(UTC) + life:%Y-%m-%dT%H:%M:%SZ}"


def _expiry(subscription: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(f"{subscription['expirationDateTime'][:19]}+00:00")
