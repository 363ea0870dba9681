"""Reading a calendar: which one, everything in it, and what changed since.

Graph tells changes over the calendar view of a window that is fixed in the cursor. Changes outside of it arrive as
removals, as do deletions, and a deleted occurrence arrives as nothing but its series sent again: so whatever is named
is read again, whole, and only what is not there any more counts as gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from connectors.graph import LIMIT, ROOT, converse
from connectors.graph_feed import ROUND, last_link, pages, spelled
from connectors.graph_property import EXPAND
from connectors.http import Client, Response, decode
from connectors.outlook_calendar import wire
from connectors.outlook_calendar.notes import notes_of, series_of
from connectors.outlook_calendar.series import Held, gone, load, record_of
from engine.contract import AppError, CursorExpired, Page, Record, Refused

PAGE = 200
BACK, AHEAD, LEAST_AHEAD = timedelta(days=365), timedelta(days=730), timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Calendar:
    """One calendar. `folder`: its path; `view`: the path of its calendar view; `today`: the server's date (ISO)."""

    folder: str
    view: str
    today: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a reader stands."""

    link: str
    calendar: str
    """As the scope names it."""
    folder: str
    until: str
    """End of the window, ISO date; empty where the scope fixed the window."""
    window: str
    """The window as the scope fixed it."""
    apart: Mapping[str, str] = field(default_factory=dict)
    """Single events that stand for an occurrence -> their series: once deleted, they cannot be asked."""

    def dump(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))


def find_calendar(http: Client, name: str) -> Calendar:
    """A calendar by name or id; `primary` is the default one, as is `Calendar` where a mailbox names it otherwise."""
    found: list[Mapping[str, Any]] = []
    today = ""
    for response in pages(http, f"{ROOT}/me/calendars?$top=100"):
        today = today or _date(response)
        found += decode(response)["value"]
    exact = [each for each in found if name in (each["id"], each["name"])]
    alike = [each for each in found if name.casefold() == each["name"].casefold()]
    default = [each for each in found if each.get("isDefaultCalendar") and name in ("primary", "Calendar")]
    for each in (*exact, *alike, *default):
        return _calendar(each, today)
    names = ", ".join(str(each["name"]) for each in found)
    raise Refused(f"There is no calendar {name!r} in this mailbox. There are: {names}.")


def scan(http: Client, calendar: Calendar, scope: Mapping[str, Any]) -> Iterator[Page]:
    """Everything. The cursor is taken first, so that nothing which changes during the listing is missed."""
    since, until = _window(scope, calendar.today)
    cursor = Cursor(
        link=_open_round(http, calendar, since, until),
        calendar=name_of(scope),
        folder=calendar.folder,
        until="" if _fixed(scope) else until,
        window=_fixed(scope),
    )
    apart: dict[str, str] = {}
    seen: set[str] = set()
    query = spelled({"$top": str(PAGE), "$select": wire.SELECT, "$expand": EXPAND})
    for response in pages(http, f"{ROOT}/{calendar.folder}/events?{query}"):
        events = [event for event in decode(response)["value"] if event["id"] not in seen]
        seen.update(event["id"] for event in events)
        apart |= {event["id"]: master for event in events if (master := series_of(event))}
        yield Page([*_singles(events), *_series(http, calendar.folder, events)])
    yield Page([], replace(cursor, apart=apart).dump())


def changes(http: Client, scope: Mapping[str, Any], text: str) -> Iterator[Page]:
    """What changed, each record whole. Without changes it is one request."""
    cursor = _read_cursor(http, scope, text)
    named: dict[str, None] = {}
    link = cursor.link
    for response in pages(http, cursor.link, ROUND):
        _check_window(cursor, response)
        body = decode(response)
        for item in body["value"]:
            named[cursor.apart.get(item["id"]) or item.get("seriesMasterId") or item["id"]] = None
        link = body.get("@odata.deltaLink") or link
    seen: set[str] = set()
    apart = dict(cursor.apart)
    ids = list(named)
    for begin in range(0, len(ids), LIMIT):
        records = []
        for id, held in read(http, cursor.folder, ids[begin : begin + LIMIT]):
            record = record_of(held) if held else gone(id)
            if record.id not in seen:
                records.append(record)
            seen.add(record.id)
            if held:
                apart |= {str(event["id"]): held.id for event in held.apart.values()}
        yield Page(records)
    yield Page([], replace(cursor, link=link, apart=apart).dump())


def read(http: Client, folder: str, ids: Sequence[str]) -> Iterator[tuple[str, Held | None]]:
    """The named events, whole; an occurrence leads to its series."""
    for id, held in converse(http, ((id, load(folder, id)) for id in ids)):
        if isinstance(held, AppError):
            raise held
        yield id, held


def name_of(scope: Mapping[str, Any]) -> str:
    """The calendar that a scope names."""
    return str(scope.get("calendar") or "primary")


def _singles(events: Sequence[Mapping[str, Any]]) -> list[Record]:
    plain = (event for event in events if event["type"] != "seriesMaster" and not series_of(event))
    return [record_of(Held(event, notes_of(event))) for event in plain]


def _series(http: Client, folder: str, events: Sequence[Mapping[str, Any]]) -> list[Record]:
    """A list does not show the occurrences of a master: each is read again."""
    masters = [event["id"] for event in events if event["type"] == "seriesMaster"]
    return [record_of(held) for _, held in read(http, folder, masters) if held]


def _calendar(found: Mapping[str, Any], today: str) -> Calendar:
    if found.get("isDefaultCalendar"):
        return Calendar("me/calendar", "me/calendarView", today)
    path = f"me/calendars/{quote(found['id'], safe='')}"
    return Calendar(path, f"{path}/calendarView", today)


def _open_round(http: Client, calendar: Calendar, since: str, until: str) -> str:
    options = {"startDateTime": f"{since}T00:00:00Z", "endDateTime": f"{until}T00:00:00Z"}
    return last_link(http, f"{ROOT}/{calendar.view}/delta?{spelled(options)}")


def _read_cursor(http: Client, scope: Mapping[str, Any], text: str) -> Cursor:
    """Raises CursorExpired for one of another calendar, window or server."""
    try:
        cursor = Cursor(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise CursorExpired("The cursor is not one of this connector's.") from error
    if (cursor.calendar, cursor.window) != (name_of(scope), _fixed(scope)):
        raise CursorExpired("The cursor belongs to another calendar or window.")
    if not cursor.link.startswith(http.base_url):
        raise CursorExpired("The cursor belongs to another server.")
    return cursor


def _check_window(cursor: Cursor, response: Response) -> None:
    """A window that does not move on with time must be opened again before it is used up."""
    if cursor.until and date.fromisoformat(_date(response)) + LEAST_AHEAD > date.fromisoformat(cursor.until):
        raise CursorExpired(f"The cursor looks ahead only until {cursor.until}.")


def _fixed(scope: Mapping[str, Any]) -> str:
    """The window of a scope with `from` or `to` (ISO dates), else empty."""
    return f"{scope.get('from') or ''}/{scope.get('to') or ''}" if scope.get("from") or scope.get("to") else ""


def _window(scope: Mapping[str, Any], today: str) -> tuple[str, str]:
    """ISO dates; by default a year back and two ahead."""
    now = date.fromisoformat(today)
    since, until = scope.get("from") or (now - BACK).isoformat(), scope.get("to") or (now + AHEAD).isoformat()
    return str(since), str(until)


def _date(response: Response) -> str:
    """The server's date (UTC, ISO)."""
    try:
        return parsedate_to_datetime(response.headers.get("date", "")).astimezone(UTC).date().isoformat()
    except ValueError:
        return datetime.now(UTC).date().isoformat()
