"""Webhooks of an app at HubSpot: up to 100 events a call, each with the type and the id of a record, and with the
number of the account: a public app has one address for all accounts that use it.

What is signed: method, address, body and time, put together. Of the address HubSpot decodes some characters first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from connectors.hook import Call, Heard, Hook
from connectors.proof import Signed, body, recent, signed, told

OBJECTS = {"contact": "contacts", "company": "companies", "deal": "deals", "product": "products"}
TYPES = {"0-1": "contacts", "0-2": "companies", "0-3": "deals", "0-7": "products"}
"""By the number of the type, in events that are called `object.*`."""
IDS = ("objectId", "primaryObjectId", "newObjectId")
_TIME = "x-hubspot-request-timestamp"
_DECODED = re.compile("%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def _said(call: Call) -> bytes:
    address = _DECODED.sub(lambda found: unquote(found[0]), call.url)
    return f"{call.method}{address}".encode() + call.body + call.headers.get(_TIME, "").encode(errors="replace")


def _heard(call: Call, signature: str) -> Heard:
    recent(call, int(call.headers[_TIME]) / 1000)
    return told(
        ((event.get("portalId"), obj, id) for event in body(call) for obj, id in _records(event)), delivery=signature
    )


def _records(event: Mapping[str, Any]) -> Iterator[tuple[str | None, object]]:
    """(object, id); no id where two records were tied to each other."""
    kind = str(event["subscriptionType"]).partition(".")[0]
    obj = TYPES.get(str(event.get("objectTypeId"))) if kind == "object" else OBJECTS.get(kind)
    ids = [event[name] for name in IDS if event.get(name) is not None] + list(event.get("mergedObjectIds") or [])
    yield from ((obj, id) for id in ids or [None])


def _portal(_: Mapping[str, str], label: str) -> str:
    """As `check` says it."""
    number = label.rpartition(" ")[2]
    return number if number.isdecimal() else ""


HOOK = Hook(
    hear=signed(Signed(header="x-hubspot-signature-v3", over=_said), _heard),
    made="by hand",
    covers="account",
    secret="client_secret",  # noqa: S106 - the name of a setting
    account=_portal,
    steps="HubSpot: Settings, Integrations, Private apps (or Development, Legacy apps), your app, Webhooks: enter this "
    "address as the target URL, and subscribe to created, deleted, merged, restored and all properties changed, of "
    "each object that you sync. Its client secret (page Auth) is the setting client_secret of the connection. One "
    "address is enough for all accounts that are connected through one app with this secret.",
)
