"""Seeding a mailbox with iCalendar texts: what somebody's Outlook would hold of them."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from dateutil.rrule import rruleset, rrulestr

from sandbox.graph.directory import OWNER, is_owner
from sandbox.graph.errors import Refusal
from sandbox.graph.recurrence import parse_recurrence
from sandbox.graph.zones import Moment, midnight, windows_name
from sandbox.ics import Group, groups, lines, zone_of
from sandbox.outlook_calendar.events import Event, Override
from sandbox.outlook_calendar.mailbox import Mailbox
from sandbox.outlook_calendar.properties import parse_event
from sandbox.outlook_calendar.rules import as_patterned

log = logging.getLogger(__name__)
YEARS = timedelta(days=2 * 366)
"""How far a series goes that Outlook has no pattern for: it becomes that many single events."""
BUSY = {"TRANSPARENT": "free"}
PRIVACY = {"PRIVATE": "private", "CONFIDENTIAL": "confidential"}
ROLES = {"OPT-PARTICIPANT": "optional", "NON-PARTICIPANT": "resource"}


def import_text(mailbox: Mailbox, calendar: str, text: str) -> None:
    """All events of a text, but those that no Outlook would hold; ValueError when it cannot be read."""
    for group in groups(text):
        try:
            _group(mailbox, calendar, group)
        except Refusal as refusal:
            log.info("left out %s: %s", group.uid, refusal.message)


def _group(mailbox: Mailbox, calendar: str, group: Group) -> None:
    if group.master is None:
        for event in group.overrides:
            _single(mailbox, calendar, group.uid, event)
    elif not _series(mailbox, calendar, group):
        _expanded(mailbox, calendar, group)


def _series(mailbox: Mailbox, calendar: str, group: Group) -> bool:
    """As one event, if it is single or Outlook has a pattern that gives just the same days."""
    master = group.master
    if not lines(master, "RRULE", "RDATE", "EXRULE"):
        _single(mailbox, calendar, group.uid, master)
        return True
    pattern = _pattern(master)
    if pattern is not None:
        event = _single(mailbox, calendar, group.uid, master, recurrence=pattern)
        _exceptions(mailbox, event, group)
    return pattern is not None


def _pattern(master: Any) -> dict[str, Any] | None:
    """The patternedRecurrence of a series, None where it has none or another one in the first years."""
    rules, start = lines(master, "RRULE"), _moment(master["DTSTART"])
    if len(rules) != 1 or lines(master, "RDATE", "EXRULE"):
        return None
    pattern = as_patterned(rules[0].split(":", 1)[1], start.wall, start.zone)
    try:
        rule = parse_recurrence(pattern, start.zone)
    except Refusal:
        return None
    wanted = [day for day, _ in _starts(master)]
    return pattern if list(rule.days(rule.start, rule.start + YEARS)) == wanted else None


def _exceptions(mailbox: Mailbox, event: Event, group: Group) -> None:
    """Deleted days, then changed ones; a move too far for Outlook becomes a deletion and a single event."""
    assert event.rule is not None
    event.cancelled = {day for day in _excluded(group.master) if event.rule.has(day)}
    plain = parse_event(_as_json(group.master)).props
    for override in group.overrides:
        day, draft = _local_day(override["RECURRENCE-ID"], group.master), parse_event(_as_json(override))
        if not event.rule.has(day) or day in event.cancelled:
            _single(mailbox, event.calendar, group.uid, override)
            continue
        props = {name: value for name, value in draft.props.items() if plain.get(name) != value}
        assert draft.start is not None
        assert draft.end is not None
        times = type(event.times)(draft.start, draft.end, bool(draft.all_day))
        try:
            event.check_boundary(day, times)
        except Refusal:
            event.cancelled.add(day)
            _single(mailbox, event.calendar, group.uid, override)
        else:
            event.exceptions[day] = Override(None if times == event.planned(day) else times, props)


def _expanded(mailbox: Mailbox, calendar: str, group: Group) -> None:
    """As single events, over two years; an override stands in for its occurrence."""
    excluded = _excluded(group.master)
    own = {_local_day(each["RECURRENCE-ID"], group.master): each for each in group.overrides}
    for day, start in _starts(group.master):
        if day not in excluded and day not in own:
            _single(mailbox, calendar, f"{group.uid}-{day:%Y%m%d}", group.master, start=start)
    for day, override in own.items():
        _single(mailbox, calendar, f"{group.uid}-{day:%Y%m%d}", override)


def _single(mailbox: Mailbox, calendar: str, uid: str, event: Any, **more: Any) -> Event:
    """Put one in: no mail, its own UID, its organizer kept. `start` moves it there, `recurrence` repeats it."""
    body = _as_json(event)
    if "start" in more:
        length = _wall(body["end"]) - _wall(body["start"])
        body["start"]["dateTime"], body["end"]["dateTime"] = (
            f"{moment:%Y-%m-%dT%H:%M:%S}" for moment in (more["start"], more["start"] + length)
        )
    if "recurrence" in more:
        body["recurrence"] = more["recurrence"]
    made = mailbox.create(calendar, parse_event(body), mail=False).event
    made.uid = uid
    organizer = _address(event.get("ORGANIZER") or OWNER["address"])
    if not is_owner(organizer):
        person = {"name": organizer, "address": organizer}
        made.props |= {"organizer": {"emailAddress": person}, "isOrganizer": False, "responseStatus": "notResponded"}
    return made


def _as_json(event: Any) -> dict[str, Any]:
    """The event as a client would have sent it."""
    all_day = not isinstance(event["DTSTART"].dt, datetime)
    start = _moment(event["DTSTART"])
    return {
        "subject": str(event.get("SUMMARY", ""))[:255],
        "body": {"contentType": "text", "content": str(event.get("DESCRIPTION", ""))},
        "location": {"displayName": str(event.get("LOCATION", ""))},
        "start": _sent(start),
        "end": _sent(_end(event, start, all_day=all_day)),
        "isAllDay": all_day,
        "showAs": BUSY.get(str(event.get("TRANSP", "")).upper(), "busy"),
        "sensitivity": PRIVACY.get(str(event.get("CLASS", "")).upper(), "normal"),
        "categories": [str(name) for name in getattr(event, "categories", [])],
        "attendees": list(_attendees(event)),
        "isReminderOn": False,
    }


def _attendees(event: Any) -> Iterator[dict[str, Any]]:
    found = event.get("ATTENDEE", [])
    for each in found if isinstance(found, list) else [found]:
        person = {"address": _address(each), "name": str(each.params.get("CN", ""))}
        if re.fullmatch(r"[^@\s]+@[^@\s]+", person["address"]):
            yield {"emailAddress": person, "type": ROLES.get(str(each.params.get("ROLE", "")), "required")}


def _end(event: Any, start: Moment, *, all_day: bool) -> Moment:
    """DTEND, or DTSTART and DURATION, or what RFC 5545 says where neither is given; never before the start."""
    if "DTEND" in event:
        end = _moment(event["DTEND"])
        if end.utc > start.utc:
            return end
    length = event["DURATION"].dt if "DURATION" in event else timedelta(days=1 if all_day else 0)
    return Moment(start.wall + length, start.zone)


def _moment(prop: Any) -> Moment:
    """A date property as wall time in a zone Outlook knows; floating times and dates are in the owner's UTC."""
    value, zone = prop.dt, zone_of(prop)
    if not isinstance(value, datetime):
        return Moment(midnight(value), "UTC")
    wall = value.replace(tzinfo=None, microsecond=0)
    try:
        return Moment(wall, windows_name(zone or "UTC"))
    except Refusal:
        offset = value.utcoffset() or timedelta(0)
        return Moment(wall - offset, "UTC")


def _sent(moment: Moment) -> dict[str, str]:
    return {"dateTime": f"{moment.wall:%Y-%m-%dT%H:%M:%S}", "timeZone": moment.zone}


def _wall(sent: dict[str, str]) -> datetime:
    return datetime.fromisoformat(sent["dateTime"])


def _starts(master: Any) -> list[tuple[date, datetime]]:
    """(local day, wall start) of the occurrences of the first two years, whatever the rules."""
    start = _moment(master["DTSTART"])
    text = "\n".join(_local(line, start) for line in lines(master, "RRULE", "EXRULE"))
    rules = rrulestr(text, dtstart=start.wall, forceset=True, ignoretz=True) if text else rruleset()
    more = [_moment(each).moved_to(start.zone).wall for each in _listed(master, "RDATE")]
    for each in [start.wall, *more] if more else []:
        rules.rdate(each)
    found = rules.between(start.wall, start.wall + YEARS, inc=True)
    return [(at.date(), at) for at in dict.fromkeys(found)]


def _local(line: str, start: Moment) -> str:
    """A recurrence line with an UNTIL in the wall time of the event."""
    head, mark, until = line.partition("UNTIL=")
    text, semicolon, rest = until.partition(";")
    if not mark or not text.endswith("Z"):
        return line
    wall = Moment(datetime.fromisoformat(text[:-1]), "UTC").moved_to(start.zone).wall
    return f"{head}{mark}{wall:%Y%m%dT%H%M%S}{semicolon}{rest}"


def _excluded(master: Any) -> set[date]:
    return {_local_day(each, master) for each in _listed(master, "EXDATE")}


def _listed(master: Any, name: str) -> list[Any]:
    """The moments of all EXDATE or RDATE lines."""
    found = master.get(name, [])
    return [each for line in (found if isinstance(found, list) else [found]) for each in line.dts]


def _local_day(prop: Any, master: Any) -> date:
    """The day of an original start in the zone of the series."""
    start = _moment(master["DTSTART"])
    value = _moment(prop)
    return value.moved_to(start.zone).wall.date() if isinstance(prop.dt, datetime) else value.wall.date()


def _address(value: Any) -> str:
    text = str(value)
    return text[7:] if text.lower().startswith("mailto:") else text
