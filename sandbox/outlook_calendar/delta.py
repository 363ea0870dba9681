"""Delta rounds over the calendar view of a fixed window."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from typing import Any

from sandbox.graph.errors import bad_request
from sandbox.outlook_calendar.events import Event, Item, visible
from sandbox.outlook_calendar.mailbox import Mailbox
from sandbox.outlook_calendar.wire import TYPE, Wish, render, render_sparse

REFUSED = ("$select", "$filter", "$expand", "$orderby", "$search")


@dataclass(frozen=True, slots=True)
class Round:
    """Where a client stands. It is the token itself, so the server keeps nothing per client.

    `first`: everything in the window is listed, and `place` is the number of the last event that was looked at; else
    changes are told, and `place` is the mailbox's version up to which they were. `until`: the version at the start of
    the round, where the next one begins; what changes in between is told then.
    """

    salt: str
    calendar: str
    earliest: str
    latest: str
    first: bool
    place: int
    until: int

    def token(self) -> str:
        return urlsafe_b64encode(json.dumps(astuple(self)).encode()).decode().rstrip("=")


def read_token(text: str) -> Round | None:
    """The round of a token, None when it cannot be one."""
    try:
        values = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return Round(*values)
    except (TypeError, ValueError):
        return None


def check_options(query: Mapping[str, str]) -> None:
    """Refuse (400) what cannot be had together with change tracking."""
    wrong = [name for name in REFUSED if name in query]
    if wrong:
        message = f"The following parameters are not supported with change tracking over 'CalendarView': {wrong}."
        raise bad_request(message, "ErrorInvalidUrlQuery")


def page(mailbox: Mailbox, position: Round, size: int, wish: Wish) -> tuple[list[dict[str, Any]], Round, bool]:
    """(items, where to go on, whether the round is over). A series is never split, so a page may be too long."""
    window = (datetime.fromisoformat(position.earliest), datetime.fromisoformat(position.latest))
    values: list[dict[str, Any]] = []
    place = position.place
    for at, number in _listed(mailbox, position) if position.first else _changed(mailbox, position):
        if len(values) >= size:
            return values, replace(position, place=place), False
        place = at
        event = mailbox.events.get(number)
        shown = list(_shown(mailbox, event, window, wish)) if event else []
        values += shown or ([] if position.first else [_removed(mailbox, number, wish)])
    return values, replace(position, first=False, place=position.until), True


def _listed(mailbox: Mailbox, position: Round) -> Iterator[tuple[int, int]]:
    for number in range(position.place + 1, mailbox.next_number):
        event = mailbox.events.get(number)
        if event and event.calendar == position.calendar:
            yield number, number


def _changed(mailbox: Mailbox, position: Round) -> Iterator[tuple[int, int]]:
    """Changes of the calendar until the round's beginning; what changed again since is left to the next round."""
    for at, number in mailbox.changed_since(position.place):
        if at > position.until:
            return
        event = mailbox.events.get(number)
        calendar = event.calendar if event else mailbox.gone[number][0]
        if calendar == position.calendar:
            yield at, number


def _shown(mailbox: Mailbox, event: Event, window: tuple[datetime, datetime], wish: Wish) -> Iterator[dict[str, Any]]:
    """A single event; or the master of a series, then all its occurrences in the window, those deleted just missing."""
    items = list(visible(event, *window))
    if items and event.rule is not None:
        yield TYPE | render(mailbox, Item(event), wish)
    for item in items:
        plain = item.kind == "occurrence"
        yield render_sparse(mailbox, item, wish) if plain else TYPE | render(mailbox, item, wish)


def _removed(mailbox: Mailbox, number: int, wish: Wish) -> dict[str, Any]:
    """Deleted, or changed outside the window: a client cannot tell which, nor what it was."""
    return TYPE | {"id": mailbox.id_of(number, immutable=wish.immutable), "@removed": {"reason": "deleted"}}
