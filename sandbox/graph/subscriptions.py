"""Change notifications: subscriptions, their handshake, renewal, delivery and lifecycle."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from sandbox.graph.asking import Answering, Asking
from sandbox.graph.directory import OWNER_ID, TENANT_ID
from sandbox.graph.errors import Refusal, bad_request
from sandbox.graph.zones import instant, parse_bound
from sandbox.world import World

SHORTEST = timedelta(minutes=45)
KINDS = {"created", "updated", "deleted"}
LIFECYCLE = {"reauthorizationRequired", "subscriptionRemoved", "missed"}
SECRET_LENGTH = 128


@dataclass(slots=True)
class Subscription:
    """As kept; `expires` is aware. Ids in its messages have the form asked for when it was made."""

    id: str
    resource: str
    kinds: list[str]
    url: str
    lifecycle: str | None
    secret: str | None
    expires: datetime
    immutable: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "resource": self.resource,
            "changeType": ",".join(self.kinds),
            "notificationUrl": self.url,
            "lifecycleNotificationUrl": self.lifecycle,
            "clientState": self.secret,
            "expirationDateTime": instant(self.expires),
            "creatorId": OWNER_ID,
        }

    def message(self, more: Mapping[str, Any]) -> bytes:
        item = {
            "subscriptionId": self.id,
            "subscriptionExpirationDateTime": instant(self.expires),
            "clientState": self.secret,
            "tenantId": TENANT_ID,
        }
        return json.dumps({"value": [item | dict(more)]}).encode()


class Subscriptions:
    """Delivery goes on behind the requests, in order; `world.hooks` reaches loopback addresses only.

    `known` gives the one spelling of a resource that can be subscribed to (without `/` at its ends), or None.
    """

    def __init__(self, world: World, known: Callable[[str], str | None], longest: timedelta) -> None:
        self._world = world
        self._known = known
        self._longest = longest
        self._all: dict[str, Subscription] = {}

    async def create(self, asking: Asking) -> Answering:
        """201 after both addresses have answered their validation token."""
        body = asking.json()
        made = self._parse(body if isinstance(body, dict) else {}, asking)
        if any((each.resource, set(each.kinds)) == (made.resource, set(made.kinds)) for each in self._live()):
            raise Refusal(409, "ExtensionError", "Subscription for this resource and change type exists already.")
        for url in filter(None, (made.url, made.lifecycle)):
            await self._validate(url)
        self._all[made.id] = made
        return Answering(made.as_json(), 201)

    def all(self, _: Asking) -> Answering:
        return Answering({"value": [each.as_json() for each in self._live()]})

    def get(self, _: Asking, name: str) -> Answering:
        return Answering(self._find(name).as_json())

    def renew(self, asking: Asking, name: str) -> Answering:
        """Another expirationDateTime; a dead subscription must be made again (404)."""
        found, body = self._find(name), asking.json()
        found.expires = self._expiry(body if isinstance(body, dict) else {})
        return Answering(found.as_json())

    def reauthorize(self, _: Asking, name: str) -> Answering:
        self._find(name)
        return Answering(status=204)

    def delete(self, _: Asking, name: str) -> Answering:
        found = self._find(name)
        del self._all[found.id]
        return Answering(status=204)

    def tell(self, kind: str, resource: str, change: Callable[[bool], Mapping[str, Any]]) -> None:
        """Ping the subscribers of a resource: what changed is not in the message.

        `change(immutable)`: path, `@odata.type`, `@odata.etag` and id of the item, the id in the form that was asked
        for.
        """
        for each in self._live():
            if kind in each.kinds and each.resource == resource:
                item = dict(change(each.immutable))
                path = item.pop("path")
                data = {**item, "@odata.id": path}
                self._send(each.url, each.message({"changeType": kind, "resource": path, "resourceData": data}))

    def lifecycle(self, body: Mapping[str, Any]) -> None:
        """`{"event": ...}` for all subscriptions with a lifecycle address; subscriptionRemoved ends them, too."""
        event = body.get("event")
        if event not in LIFECYCLE:
            raise bad_request(f"A lifecycle event is one of {', '.join(sorted(LIFECYCLE))}.")
        for each in self._live():
            if each.lifecycle:
                self._send(each.lifecycle, each.message({"lifecycleEvent": event}))
            if event == "subscriptionRemoved":
                del self._all[each.id]

    def state(self) -> list[dict[str, Any]]:
        return [asdict(each) | {"expires": each.expires.isoformat()} for each in self._all.values()]

    def load(self, state: list[dict[str, Any]]) -> None:
        made = [Subscription(**each | {"expires": datetime.fromisoformat(each["expires"])}) for each in state]
        self._all = {each.id: each for each in made}

    def _live(self) -> list[Subscription]:
        now = self._world.clock.now()
        self._all = {name: each for name, each in self._all.items() if each.expires > now}
        return list(self._all.values())

    def _find(self, name: str) -> Subscription:
        found = next((each for each in self._live() if each.id == name), None)
        if found is None:
            raise Refusal(404, "ResourceNotFound", "The object was not found.")
        return found

    def _parse(self, body: Mapping[str, Any], asking: Asking) -> Subscription:
        kinds = [part.strip() for part in str(body.get("changeType") or "").split(",")]
        if not set(kinds) <= KINDS:
            raise bad_request("changeType must be some of created, updated and deleted.", "InvalidRequest")
        resource = self._known(str(body.get("resource") or "").strip("/"))
        if resource is None:
            raise bad_request(f"There is no resource '{body.get('resource')}' to subscribe to.", "InvalidRequest")
        secret = body.get("clientState")
        if len(secret or "") > SECRET_LENGTH:
            raise bad_request(f"clientState is longer than {SECRET_LENGTH} characters.", "InvalidRequest")
        if not body.get("notificationUrl"):
            raise bad_request("A subscription needs a notificationUrl.", "InvalidRequest")
        immutable = asking.prefer.get("idtype") == "ImmutableId"
        urls = (str(body["notificationUrl"]), body.get("lifecycleNotificationUrl"))
        return Subscription(str(uuid4()), resource, sorted(kinds), *urls, secret, self._expiry(body), immutable)

    def _expiry(self, body: Mapping[str, Any]) -> datetime:
        """Less than 45 minutes is raised to 45; more than the longest is refused."""
        wanted = parse_bound(str(body.get("expirationDateTime") or ""), "expirationDateTime")
        now = self._world.clock.now()
        if wanted > now + self._longest:
            minutes = int(self._longest.total_seconds() // 60)
            message = f"Subscription expiration can only be {minutes} minutes in the future."
            raise bad_request(message, "ValidationError")
        return max(wanted, now + SHORTEST)

    async def _validate(self, url: str) -> None:
        """The handshake: the address must answer 200 with the token, as plain text."""
        token = f"Validation: Testing client application reachability for subscription Request-Id: {uuid4()}"
        joint = "&" if "?" in url else "?"
        headers = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": "0"}
        try:
            status, reply = await self._world.hooks.ask(f"{url}{joint}validationToken={quote(token)}", headers)
        except OSError as error:
            raise _unreachable(str(error)) from error
        if status != 200 or reply.decode("utf-8", "replace") != token:
            raise _unreachable(f"the endpoint answered {status} without the token")

    def _send(self, url: str, body: bytes) -> None:
        self._world.hooks.send(url, {"Content-Type": "application/json; charset=utf-8"}, body)


def _unreachable(why: str) -> Refusal:
    return bad_request(f"Subscription validation request failed: {why}.", "ValidationError")
