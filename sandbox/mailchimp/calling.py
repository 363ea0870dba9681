"""The webhooks of an audience: form-encoded, not signed. The address is asked by GET whether somebody is there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from sandbox.mailchimp import errors
from sandbox.world import World

EVENTS = ("subscribe", "unsubscribe", "profile", "cleaned", "upemail", "campaign")
SOURCES = ("user", "admin", "api")


class Calling:
    """Those of one audience; everything that happens here comes by the API, but for what people do themselves."""

    def __init__(self, world: World, audience: str) -> None:
        self._world, self._audience = world, audience
        self.rows: dict[str, dict[str, Any]] = {}

    async def add(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A new one, once its address has answered. Refuses a second one to the same address."""
        url = str(given.get("url") or "")
        if any(each["url"] == url for each in self.rows.values()):
            raise errors.refusal("Bad Request", "Sorry, you can't set up multiple WebHooks for one URL")
        try:
            status, _ = await self._world.hooks.ask(
                url, {"User-Agent": "MailChimp.com WebHook Validator"}, method="GET"
            )
        except OSError:
            status = 0
        if status != 200:
            raise errors.refusal("Bad Request", "We could not connect to the URL that you gave.")
        id = hashlib.md5(f"{self._audience}{url}".encode()).hexdigest()[:10]  # noqa: S324
        wanted = {name: dict(given.get(name) or {}) for name in ("events", "sources")}
        events = {name: bool(wanted["events"].get(name)) for name in EVENTS}
        sources = {name: bool(wanted["sources"].get(name)) for name in SOURCES}
        self.rows[id] = {"id": id, "url": url, "events": events, "sources": sources, "list_id": self._audience}
        return self.rows[id]

    def tell(self, event: str, source: str, data: Mapping[str, Any]) -> None:
        """Those that asked for such events from such a source."""
        at = self._world.clock.now().strftime("%Y-%m-%d %H:%M:%S")
        form = {"type": event, "fired_at": at, **{f"data[{name}]": value for name, value in data.items()}}
        body = urlencode({**form, "data[list_id]": self._audience}).encode()
        for each in self.rows.values():
            if each["events"][event] and each["sources"][source]:
                headers = {"User-Agent": "MailChimp.com", "Content-Type": "application/x-www-form-urlencoded"}
                self._world.hooks.send(each["url"], headers, body)
