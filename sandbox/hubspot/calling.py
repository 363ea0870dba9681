"""The webhooks of an app: up to 100 events a call, signed over method, address, body and time (version 3)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from sandbox.world import World

TOGETHER = 100
NAMES = {"contacts": "contact", "companies": "company", "deals": "deal", "products": "product"}
DECODED = re.compile("%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


class Calling:
    """Silent until the app has a `url`. Events of one request go out together."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.url, self.secret = "", ""
        self._events: list[dict[str, Any]] = []
        self._count = 0

    def tell(self, kind: str, event: str, about: Mapping[str, Any]) -> None:
        """`event`: creation, propertyChange, deletion, privacyDeletion, merge or associationChange."""
        if not self.url:
            return
        if not self._events:
            asyncio.get_running_loop().call_soon(self._send)
        self._count += 1
        known = {"eventId": self._count, "subscriptionId": 1, "portalId": 8_700_001, "appId": 1, "attemptNumber": 0}
        told = {"subscriptionType": f"{NAMES[kind]}.{event}", "occurredAt": self._now(), "changeSource": "CRM"}
        self._events.append({**known, **told, **about})

    def _send(self) -> None:
        events, self._events = self._events, []
        for first in range(0, len(events), TOGETHER):
            body, stamp = json.dumps(events[first : first + TOGETHER]).encode(), str(self._now())
            address = DECODED.sub(lambda found: unquote(found[0]), self.url)
            said = b"POST" + address.encode() + body + stamp.encode()
            signature = base64.b64encode(hmac.new(self.secret.encode(), said, hashlib.sha256).digest()).decode()
            headers = {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": stamp}
            self._world.hooks.send(self.url, {"Content-Type": "application/json", **headers}, body)

    def _now(self) -> int:
        return int(self._world.clock.now().timestamp() * 1000)
