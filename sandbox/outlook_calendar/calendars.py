"""The calendars of the mailbox, and lists of their events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox.graph.asking import Answering, Asking, spelled
from sandbox.graph.directory import OWNER
from sandbox.graph.errors import Refusal, bad_request, invalid, not_found, resync
from sandbox.graph.ids import change_key
from sandbox.graph.query import MOST, whole
from sandbox.graph.zones import parse_bound
from sandbox.outlook_calendar.delta import Round, check_options, page, read_token
from sandbox.outlook_calendar.events import Item, visible
from sandbox.outlook_calendar.mailbox import Calendar, Mailbox
from sandbox.outlook_calendar.query import EVENTS, wish_of
from sandbox.outlook_calendar.wire import render
from sandbox.world import World

PAGE = 10
"""As many as the service gives when nothing is asked for."""


class Calendars:
    """The last list that was asked for is kept until the mailbox changes, so that paging through it stays cheap."""

    def __init__(self, mailbox: Mailbox, world: World) -> None:
        self._mailbox = mailbox
        self._world = world
        self._last: tuple[Any, list[Item]] = (None, [])

    def all(self, asking: Asking) -> Answering:
        """The mailbox's calendars, the default one first."""
        top, skip = whole(asking.query, "$top", PAGE, least=1, most=MOST), whole(asking.query, "$skip", 0)
        found = [self._as_json(each) for each in self._mailbox.calendars.values()]
        body = {"@odata.context": asking.context("me/calendars"), "value": found[skip : skip + top]}
        return Answering(body | self._next(asking, top, skip, len(found)))

    def one(self, asking: Asking, name: str) -> Answering:
        return Answering({"@odata.context": asking.context("me/calendars/$entity"), **self._as_json(self.find(name))})

    def create(self, asking: Asking) -> Answering:
        body = asking.json()
        name = body.get("name") if isinstance(body, dict) else None
        if not isinstance(name, str) or not name:
            raise invalid("A calendar needs a name.")
        made = self._as_json(self._mailbox.add_calendar(name))
        return Answering({"@odata.context": asking.context("me/calendars/$entity"), **made}, 201)

    def find(self, name: str) -> Calendar:
        """A calendar by its id; Refusal (404)."""
        if name not in self._mailbox.calendars:
            raise not_found()
        return self._mailbox.calendars[name]

    def events(self, asking: Asking, name: str) -> Answering:
        """Single events and masters, never occurrences."""
        calendar = self.find(name).id
        return self._listed(asking, calendar, lambda: [Item(each) for each in self._mailbox.in_calendar(calendar)])

    def view(self, asking: Asking, name: str) -> Answering:
        """Single events and occurrences of a window, never masters, by start."""
        if {"createdDateTime", "lastModifiedDateTime"} & set(asking.query.get("$select", "").split(",")):
            raise bad_request("createdDateTime and lastModifiedDateTime cannot be selected in a calendar view.")
        calendar, window = self.find(name).id, _window(asking)

        def shown() -> list[Item]:
            events = self._mailbox.in_calendar(calendar)
            found = [item for event in events for item in visible(event, *window)]
            return sorted(found, key=lambda item: item.times.begins)

        return self._listed(asking, (calendar, window), shown)

    def instances(self, asking: Asking, name: str) -> Answering:
        """Occurrences and exceptions of a series in a window."""
        item, window = self._mailbox.find(name), _window(asking)
        if item.kind != "seriesMaster":
            raise bad_request("The event is not the master of a series.")
        return self._listed(asking, (item.event.number, window), lambda: item.event.occurrences(*window))

    def delta(self, asking: Asking, name: str) -> Answering:
        """One page of a round; its links carry the window, so they need nothing else."""
        check_options(asking.query)
        position = self._position(asking, self.find(name).id)
        size = int(asking.prefer.get("odata.maxpagesize", PAGE)) or PAGE
        values, position, over = page(self._mailbox, position, size, wish_of({}, asking.prefer))
        kind, option = ("@odata.deltaLink", "$deltatoken") if over else ("@odata.nextLink", "$skiptoken")
        context = asking.context("Collection(event)")
        link = f"{asking.url}?{option}={position.token()}"
        return Answering({"@odata.context": context, kind: link, "value": values})

    def _position(self, asking: Asking, calendar: str) -> Round:
        """Where this request goes on; Refusal (410) for tokens that mean nothing here."""
        token = asking.query.get("$deltatoken") or asking.query.get("$skiptoken")
        if not token:
            earliest, latest = (moment.isoformat() for moment in _window(asking))
            return Round(self._mailbox.salt, calendar, earliest, latest, True, 0, self._mailbox.version)
        position = read_token(token)
        expired = self._world.faults.take({"expire_cursor"}, asking.visit)
        known = position and (position.salt, position.calendar) == (self._mailbox.salt, calendar)
        if expired or not position or not known:
            raise resync(_fresh(asking, position))
        starts = "$deltatoken" in asking.query and asking.query["$deltatoken"]
        return _begun(position, self._mailbox.version) if starts else position

    def _listed(self, asking: Asking, what: Any, items: Callable[[], list[Item]]) -> Answering:
        """Filter, order, cut a page, render; `what` names the list as far as the query options do not."""
        query, wish = asking.query, wish_of(asking.query, asking.prefer)
        top, skip = whole(query, "$top", PAGE, least=1, most=MOST), whole(query, "$skip", 0)
        rules = (query.get("$filter", ""), query.get("$orderby", ""))
        key = (asking.url, what, rules, self._mailbox.version)
        if self._last[0] != key:
            test = EVENTS.predicate(rules[0])
            self._last = (key, EVENTS.ordered((item for item in items() if test(item)), rules[1]))
        found = self._last[1]
        values = [render(self._mailbox, item, wish) for item in found[skip : skip + top]]
        body: dict[str, Any] = {"@odata.context": asking.context("Collection(event)")}
        body |= {"@odata.count": len(found)} if query.get("$count") == "true" else {}
        return Answering(body | {"value": values} | self._next(asking, top, skip, len(found)))

    def _next(self, asking: Asking, top: int, skip: int, total: int) -> dict[str, str]:
        more = skip + top < total
        return {"@odata.nextLink": asking.link(__top=str(top), __skip=str(skip + top))} if more else {}

    def _as_json(self, calendar: Calendar) -> dict[str, Any]:
        return {
            "id": calendar.id,
            "name": calendar.name,
            "changeKey": change_key(calendar.version),
            "isDefaultCalendar": calendar is self._mailbox.default,
            "canEdit": True,
            "canShare": True,
            "canViewPrivateItems": True,
            "color": "auto",
            "hexColor": "",
            "owner": dict(OWNER),
        }


def _window(asking: Asking) -> tuple[datetime, datetime]:
    """startDateTime and endDateTime, both needed."""
    bounds = [asking.query.get(name, "") for name in ("startDateTime", "endDateTime")]
    if not all(bounds):
        raise bad_request("This request requires a time window: startDateTime and endDateTime.")
    earliest, latest = parse_bound(bounds[0], "startDateTime"), parse_bound(bounds[1], "endDateTime")
    if latest < earliest:
        raise Refusal(400, "ErrorInvalidParameter", "The endDateTime is before the startDateTime.")
    return earliest, latest


def _begun(position: Round, version: int) -> Round:
    """A new round from a delta token: what changed until now."""
    return replace(position, first=False, until=version)


def _fresh(asking: Asking, position: Round | None) -> str:
    """Where to begin anew: the same window, as far as it can be told."""
    earliest, latest = (position.earliest, position.latest) if position else ("", "")
    window = {"startDateTime": asking.query.get("startDateTime") or earliest}
    window["endDateTime"] = asking.query.get("endDateTime") or latest
    return f"{asking.url}?{spelled(window)}&$deltatoken="
