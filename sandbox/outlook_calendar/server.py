"""The stand-in: the mailbox's calendars behind Graph's gateway, and its state."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox.graph.directory import OWNER_ID
from sandbox.graph.service import OPEN, Parts, Service, Table
from sandbox.graph.subscriptions import Subscriptions
from sandbox.graph.zones import Moment
from sandbox.outlook_calendar.archive import dump, restore
from sandbox.outlook_calendar.calendars import Calendars
from sandbox.outlook_calendar.events import Item
from sandbox.outlook_calendar.importing import import_text
from sandbox.outlook_calendar.items import RESPONSES, Items
from sandbox.outlook_calendar.mailbox import Calendar, Mailbox, etag
from sandbox.outlook_calendar.properties import Draft
from sandbox.world import World

EPOCH = datetime(2026, 1, 5, 8, tzinfo=UTC)
RESOURCE = "me/events"
LONGEST = timedelta(minutes=10_080)


class Server:
    """One mailbox behind Microsoft Graph's routes; see `sandbox.graph.service`."""

    open_paths = OPEN

    def __init__(self, world: World) -> None:
        self._world = world
        self.mailbox = Mailbox(world.clock, secrets.token_hex(8))
        self.mailbox.on_mail = self._count_mail
        self.mailbox.on_change = self._tell
        self._subscriptions = Subscriptions(world, _resource, LONGEST)
        calendars = Calendars(self.mailbox, world)
        table = _table(calendars, Items(self.mailbox, calendars))
        self._service = Service(world, table, self._canonical, self._subscriptions)

    def routes(self) -> list[BaseRoute]:
        """Of the whole API."""
        return self._service.routes()

    def failure(self, status: int, retry_after: float | None = None) -> Response:
        """A refusal of the gateway."""
        return self._service.failure(status, retry_after)

    def is_write(self, method: str, path: str) -> bool:
        """Whatever changes events and calendars."""
        return self._service.is_write(method, path)

    def seed(self, calendar: str, text: str) -> None:
        """Like somebody's Outlook: see `importing`."""
        import_text(self.mailbox, self._named(calendar).id, text)

    def fill(self, calendar: str, count: int) -> None:
        """Half-hour meetings, four hours apart."""
        place = self._named(calendar).id
        for number in range(count):
            start = (EPOCH + timedelta(hours=4 * number)).replace(tzinfo=None)
            props = {"subject": f"Meeting {number}", "isReminderOn": False}
            times = (Moment(start, "UTC"), Moment(start + timedelta(minutes=30), "UTC"))
            self.mailbox.create(place, Draft(props, *times), mail=False)

    def state(self) -> Mapping[str, Any]:
        """The mailbox and its subscriptions."""
        return {"mailbox": dump(self.mailbox), "subscriptions": self._subscriptions.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        restore(self.mailbox, state["mailbox"])
        self._subscriptions.load(state["subscriptions"])

    def _named(self, calendar: str) -> Calendar:
        """By id or name, made where missing; "primary" is the default one."""
        if calendar in {"", "primary"}:
            return self.mailbox.default
        known = self.mailbox.calendars.values()
        return next((each for each in known if calendar in {each.id, each.name}), None) or self.mailbox.add_calendar(
            calendar
        )

    def _count_mail(self, count: int) -> None:
        self._world.journal.mail += count

    def _tell(self, kind: str, item: Item) -> None:
        def change(immutable: bool) -> dict[str, str]:
            name = self.mailbox.id_of(item.event.number, immutable=immutable)
            return {
                "path": f"Users/{OWNER_ID}/Events/{name}",
                "@odata.type": "#Microsoft.Graph.Event",
                "@odata.etag": etag(item),
                "id": name,
            }

        self._subscriptions.tell(kind, RESOURCE, change)

    def _canonical(self, parts: Parts) -> Parts:
        """The default calendar by its id, an event without its calendar."""
        default = self.mailbox.default.id
        match parts:
            case ("me", "calendar", *rest):
                return self._canonical(("me", "calendars", default, *rest))
            case ("me", "events"):
                return ("me", "calendars", default, "events")
            case ("me", "calendarView", *rest):
                return ("me", "calendars", default, "calendarView", *rest)
            case ("me", "calendars", _, "events", event, *rest):
                return ("me", "events", event, *rest)
        return parts


def _resource(text: str) -> str | None:
    return RESOURCE if text.lower() in {RESOURCE, f"users/{OWNER_ID}/events"} else None


def _table(calendars: Calendars, items: Items) -> Table:
    return [
        ("GET", "me/calendars", calendars.all),
        ("POST", "me/calendars", calendars.create),
        ("GET", "me/calendars/*", calendars.one),
        ("GET", "me/calendars/*/events", calendars.events),
        ("POST", "me/calendars/*/events", items.create),
        ("GET", "me/calendars/*/calendarView", calendars.view),
        ("GET", "me/calendars/*/calendarView/delta", calendars.delta),
        ("GET", "me/events/*", items.get),
        ("PATCH", "me/events/*", items.update),
        ("DELETE", "me/events/*", items.delete),
        ("GET", "me/events/*/instances", calendars.instances),
        ("POST", "me/events/*/cancel", items.cancel),
        *(
            ("POST", f"me/events/*/{verb}", lambda asking, name, verb=verb: items.respond(asking, name, verb))
            for verb in RESPONSES
        ),
    ]
