"""Webhooks of an audience. Mailchimp signs nothing: a secret in the address comes back with each call.

They do not expire, but people may remove one: looking every day finds that. Changes of tags are not told.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from connectors.hook import Call, Forged, Heard, Hook, Subscription
from connectors.http import Client
from connectors.mailchimp.members import ROOT
from connectors.proof import same
from engine.contract import Missing

LIFE = timedelta(days=1)
EVENTS = ("subscribe", "unsubscribe", "profile", "cleaned", "upemail")
SOURCES = ("user", "admin", "api")  # api: other programs change members, too


def hear(call: Call, secret: str) -> Heard:
    """Whatever it tells, asking for changes is few requests: ids are left aside. A GET looks whether we are there."""
    if not same(call.query.get("secret", ""), secret):
        raise Forged("the secret is not ours")
    return Heard() if call.method == "POST" else Heard(look={})


def subscribe(http: Client, audience: str, url: str, secret: str) -> Subscription:
    """One for the audience; a former one to the same address is replaced, as its secret may be another."""
    path = _path(audience)
    for each in http.json("GET", path)["webhooks"]:
        if str(each["url"]).partition("?")[0] == url:
            unsubscribe(http, f"{audience}/{each['id']}")
    given = {
        "url": f"{url}?secret={quote(secret, safe='')}",
        "events": dict.fromkeys(EVENTS, True) | {"campaign": False},
        "sources": dict.fromkeys(SOURCES, True),
    }
    made = http.json("POST", path, json=given)
    return Subscription(f"{audience}/{made['id']}", datetime.now(UTC) + LIFE)


def renew(http: Client, subscription: str) -> Subscription:
    """The same, to be looked at again later. Raises Missing where somebody has removed it."""
    audience, _, id = subscription.partition("/")
    http.request("GET", _path(audience, id))
    return Subscription(subscription, datetime.now(UTC) + LIFE)


def unsubscribe(http: Client, subscription: str) -> None:
    """Ends it; unknown ones are ignored."""
    audience, _, id = subscription.partition("/")
    try:
        http.request("DELETE", _path(audience, id), idempotent=True)
    except Missing:
        return


def _path(audience: str, id: str = "") -> str:
    return f"{ROOT}lists/{audience}/webhooks{'/' + id if id else ''}"


HOOK = Hook(hear=hear)
