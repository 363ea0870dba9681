"""Microsoft Graph: change notifications, which tell nothing but that something changed.

They live for some days, and are not signed: a secret comes back in each (`clientState`).
At the start Graph calls the address with `?validationToken=...` and wants the token back as plain text.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from connectors.graph import PREFER, ROOT
from connectors.hook import ANY, Call, Forged, Heard, Subscription
from connectors.http import Client
from connectors.proof import body, offered, same
from engine.contract import Missing

LIFE = timedelta(
    days=6
)  # of events and contacts: 10,080 minutes at most; a day less leaves room for clocks that differ
PATH = f"{ROOT}/subscriptions"
RENEW = {"reauthorizationRequired", "subscriptionRemoved"}
LOOK = {"subscriptionRemoved", "missed"}
_MAILBOX = re.compile(r"^/?(me|users/[^/]+)/", re.IGNORECASE)


def subscribe(http: Client, resource: str, url: str, secret: str, life: timedelta = LIFE) -> Subscription:
    """A former one of ours to the same address is ended: two are not allowed. The secret has 128 characters at most."""
    for each in http.json("GET", PATH, headers=PREFER)["value"]:
        if each.get("notificationUrl") == url and _bare(each.get("resource")) == _bare(resource):
            unsubscribe(http, each["id"])
    given = {
        "changeType": "created,updated,deleted",
        "notificationUrl": url,
        "lifecycleNotificationUrl": url,
        "resource": resource.replace("%3D", "="),  # as Graph's own examples spell ids
        "expirationDateTime": _in_time(life),
        "clientState": secret,
    }
    return _as_kept(http.json("POST", PATH, json=given, headers=PREFER))


def renew(http: Client, subscription: str, life: timedelta = LIFE) -> Subscription:
    """The same one, for longer; raises Missing for one that has ended."""
    until = {"expirationDateTime": _in_time(life)}
    return _as_kept(http.json("PATCH", _path(subscription), json=until, idempotent=True))


def unsubscribe(http: Client, subscription: str) -> None:
    """Ends it, if there is one."""
    try:
        http.request("DELETE", _path(subscription), idempotent=True)
    except Missing:
        return


def hear(call: Call, secret: str) -> Heard:
    """Whatever changed, asking for changes is one request: the ids of records are left aside. Each message carries the
    secret; one about the life of the subscription says that it wants to be renewed, that it ended, or that some were
    not delivered.
    """
    if "validationToken" in call.query:
        return Heard(look={}, answer=offered(call.query["validationToken"]))
    messages = body(call)["value"]
    if not messages or not all(same(each["clientState"], secret) for each in messages):
        raise Forged("a message does not carry our secret")
    told = {each.get("lifecycleEvent") for each in messages}
    return Heard(look=ANY if told & {None, *LOOK} else {}, renew=bool(told & RENEW), status=202)


def _bare(resource: Any) -> str:
    """Without what Graph may spell otherwise: the mailbox (`me` or `Users/<id>`), and how ids are encoded."""
    return unquote(_MAILBOX.sub("", str(resource or ""))).lower()


def _path(subscription: str) -> str:
    return f"{PATH}/{quote(subscription, safe='')}"


def _in_time(life: timedelta) -> str:
    return f"{datetime.now(UTC) + life:%Y-%m-%dT%H:%M:%SZ}"


def _as_kept(raw: dict[str, Any]) -> Subscription:
    return Subscription(str(raw["id"]), datetime.fromisoformat(f"{raw['expirationDateTime'][:19]}+00:00"))
