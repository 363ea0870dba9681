"""Push channels: who is told that a calendar changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sandbox.clock import Clock
from sandbox.google_calendar.errors import invalid, not_found
from sandbox.hooks import LOOPBACK, Hooks

DEFAULT_LIFE = timedelta(days=7)
LONGEST_LIFE = timedelta(days=30)


@dataclass(slots=True)
class Channel:
    """One subscription to one calendar's events. `number` of the last message: rises, but not by one."""

    id: str
    calendar: str
    resource: str
    uri: str
    address: str
    token: str | None
    expires: datetime
    number: int = 1

    def headers(self, state: str) -> dict[str, str]:
        """What a message consists of: there is no body and no signature."""
        headers = {
            "User-Agent": "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)",
            "Content-Length": "0",
            "X-Goog-Channel-ID": self.id,
            "X-Goog-Channel-Expiration": self.expires.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "X-Goog-Message-Number": str(self.number),
            "X-Goog-Resource-ID": self.resource,
            "X-Goog-Resource-State": state,
            "X-Goog-Resource-URI": self.uri,
        }
        return headers | ({"X-Goog-Channel-Token": self.token} if self.token else {})


class Channels:
    """All channels that have not ended."""

    def __init__(self, clock: Clock, hooks: Hooks) -> None:
        self._clock = clock
        self._hooks = hooks
        self._open: dict[str, Channel] = {}
        self._used: set[str] = set()

    def watch(self, calendar: str, uri: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Open a channel and send its first message; the reply of `events.watch`."""
        self._check(body)
        channel = Channel(
            id=body["id"],
            calendar=calendar,
            resource=_resource(calendar),
            uri=uri,
            address=body["address"],
            token=body.get("token"),
            expires=self._expiry(body),
        )
        self._used.add(channel.id)
        self._open[channel.id] = channel
        self._hooks.send(channel.address, channel.headers("sync"))
        reply = {"kind": "api#channel", "id": channel.id, "resourceId": channel.resource, "resourceUri": uri}
        reply["expiration"] = str(int(channel.expires.timestamp() * 1000))
        return reply | ({"token": channel.token} if channel.token else {})

    def stop(self, body: Mapping[str, Any]) -> None:
        """End one; 404 unless both its ids are given."""
        channel = self._open.get(body.get("id", ""))
        if channel is None or channel.resource != body.get("resourceId"):
            raise not_found()
        del self._open[channel.id]

    def notify(self, calendar: str) -> None:
        """Tell everyone who watches a calendar that something changed."""
        now = self._clock.now()
        self._open = {name: each for name, each in self._open.items() if now < each.expires}
        for channel in self._open.values():
            if channel.calendar == calendar:
                channel.number += 1 + channel.number % 3
                self._hooks.send(channel.address, channel.headers("exists"))

    def forget(self) -> None:
        """End all of them without a word."""
        self._open.clear()

    def state(self) -> dict[str, Any]:
        """As JSON."""
        channels = [asdict(each) | {"expires": each.expires.isoformat()} for each in self._open.values()]
        return {"open": channels, "used": sorted(self._used)}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back from `state()`."""
        made = [Channel(**each | {"expires": datetime.fromisoformat(each["expires"])}) for each in state["open"]]
        self._open, self._used = {each.id: each for each in made}, set(state["used"])

    def _check(self, body: Mapping[str, Any]) -> None:
        if not body.get("id") or not body.get("address"):
            raise invalid("A channel needs id and address.", reason="required")
        if body.get("type") != "web_hook":
            raise invalid("Unknown channel type.", reason="unknownChannelType")
        if body["id"] in self._used:
            raise invalid(f"Channel id {body['id']} not unique", reason="channelIdNotUnique")
        address = urlsplit(body["address"])
        if address.scheme != "https" and address.hostname not in LOOPBACK:
            raise invalid("WebHook callback must be HTTPS", reason="push.webhookUrlNotHttps")

    def _expiry(self, body: Mapping[str, Any]) -> datetime:
        """The shortest of what was asked for and what is allowed."""
        now = self._clock.now()
        asked = [now + LONGEST_LIFE]
        if seconds := (body.get("params") or {}).get("ttl"):
            asked.append(now + timedelta(seconds=int(seconds)))
        if milliseconds := body.get("expiration"):
            asked.append(datetime.fromtimestamp(int(milliseconds) / 1000, UTC))
        return min(asked) if len(asked) > 1 else now + DEFAULT_LIFE


def _resource(calendar: str) -> str:
    """Names the list of events, so it is the same in each channel to it."""
    return hashlib.blake2b(calendar.encode(), digest_size=15).hexdigest()
