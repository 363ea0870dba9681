"""Filling a calendar: from an iCalendar text, as a person's Google calendar would hold it, or with plain events."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sandbox import ics
from sandbox.google_calendar import times
from sandbox.google_calendar.account import Account
from sandbox.google_calendar.calendar import Calendar, Event
from sandbox.google_calendar.writing import Options, Writer
from sandbox.world import Reply

log = logging.getLogger(__name__)
QUIET = Options(mails=False, trusted=True)
RESPONSES = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative"}
FILL_START = datetime(2026, 1, 5, 8)  # noqa: DTZ001 - wall time


def seed(writer: Writer, account: Account, calendar: Calendar, text: str) -> None:
    """Import every event; one that Google would refuse is left out, with a warning."""
    for group in ics.groups(text):
        try:
            _seed_group(writer, account, calendar, group)
        except Reply as refused:
            log.warning("left out %s: %s", group.uid, bytes(refused.response.body).decode())


def fill(writer: Writer, calendar: Calendar, count: int) -> None:
    """`count` one-hour meetings, three a day, from January 2026 on."""
    for number in range(count):
        start = FILL_START + timedelta(days=number // 3, hours=3 * (number % 3))
        zone = {"timeZone": calendar.zone}
        body = {
            "id": f"fill{number:08d}",
            "summary": f"Meeting {number}",
            "description": f"Agenda of meeting {number}",
            "location": f"Room {number % 40}",
            "start": {"dateTime": start.isoformat()} | zone,
            "end": {"dateTime": (start + timedelta(hours=1)).isoformat()} | zone,
        }
        writer.insert(calendar, body, QUIET)


def _seed_group(writer: Writer, account: Account, calendar: Calendar, group: ics.Group) -> None:
    if group.master is None:
        for override in group.overrides:
            original = override["RECURRENCE-ID"].to_ical().decode()
            writer.import_(calendar, _body(override, account, calendar) | {"iCalUID": f"{group.uid}-{original}"}, QUIET)
        return
    body = _body(group.master, account, calendar) | {"iCalUID": group.uid}
    if lines := ics.lines(group.master, "RRULE", "RDATE", "EXRULE", "EXDATE"):
        body["recurrence"] = lines
    master = writer.import_(calendar, body, QUIET)
    for override in group.overrides:
        try:
            _seed_override(writer, calendar, master, override, _body(override, account, calendar))
        except Reply:
            log.warning("left out an override of %s: it names no occurrence", group.uid)


def _seed_override(writer: Writer, calendar: Calendar, master: Event, override: Any, body: dict[str, Any]) -> None:
    """As an exception. A RECURRENCE-ID of the other kind than the series' start names the occurrence of its day."""
    original = times.normalise(_moment(override["RECURRENCE-ID"], calendar), "originalStartTime", calendar.zone)
    if ("date" in original) != ("date" in master["start"]):
        day = datetime.combine(times.wall(original), times.wall(master["start"]).time())
        original = times.at_wall(day, master["start"])
    event_id = f"{master['id']}_{times.suffix(original)}"
    if body.get("status") == "cancelled":
        writer.delete(calendar, event_id, QUIET)
        return
    different = {name: value for name, value in body.items() if value != master.get(name)}
    times_of = {name: dict.fromkeys(("date", "dateTime", "timeZone")) | body[name] for name in ("start", "end")}
    writer.patch(calendar, event_id, different | times_of, QUIET)


def _body(event: Any, account: Account, calendar: Calendar) -> dict[str, Any]:
    start = _moment(event["DTSTART"], calendar)
    body: dict[str, Any] = {"start": start, "end": _end(event, start, calendar)}
    for name, field in (("SUMMARY", "summary"), ("DESCRIPTION", "description"), ("LOCATION", "location")):
        if str(event.get(name, "")):
            body[field] = str(event[name])
    if str(event.get("TRANSP", "")) == "TRANSPARENT":
        body["transparency"] = "transparent"
    if str(event.get("CLASS", "")).lower() in {"private", "confidential"}:
        body["visibility"] = str(event["CLASS"]).lower()
    if str(event.get("STATUS", "")).lower() in {"tentative", "cancelled"}:
        body["status"] = str(event["STATUS"]).lower()
    guests = list(_guests(event))
    organizer = _address(event.get("ORGANIZER"))
    if organizer and organizer != account.email:
        body["organizer"] = {"email": organizer}
    return body | ({"attendees": guests} if guests else {})


def _guests(event: Any) -> Iterator[dict[str, Any]]:
    listed = event.get("ATTENDEE", [])
    for each in listed if isinstance(listed, list) else [listed]:
        if address := _address(each):
            answer = RESPONSES.get(str(each.params.get("PARTSTAT", "")), "needsAction")
            guest = {"email": address, "responseStatus": answer}
            if name := each.params.get("CN"):
                guest["displayName"] = str(name)
            yield guest | ({"optional": True} if each.params.get("ROLE") == "OPT-PARTICIPANT" else {})


def _address(value: Any) -> str:
    address = str(value or "").lower().removeprefix("mailto:")
    return address if "@" in address else ""


def _moment(prop: Any, calendar: Calendar) -> dict[str, str]:
    value = prop.dt
    if not isinstance(value, datetime):
        return {"date": value.isoformat()}
    zone = ics.zone_of(prop) or calendar.zone
    return {"dateTime": value.replace(tzinfo=None).isoformat(), "timeZone": zone}


def _end(event: Any, start: dict[str, str], calendar: Calendar) -> dict[str, str]:
    """From DTEND, DURATION or RFC 5545's default; never empty, which Google does not hold."""
    if "DTEND" in event and event["DTEND"].dt > event["DTSTART"].dt:
        return _moment(event["DTEND"], calendar)
    if "date" in start:
        length = max(event["DURATION"].dt, timedelta(days=1)) if "DURATION" in event else timedelta(days=1)
        return {"date": (date.fromisoformat(start["date"]) + length).isoformat()}
    length = event["DURATION"].dt if "DURATION" in event else timedelta(minutes=30)
    return start | {"dateTime": (datetime.fromisoformat(start["dateTime"]) + length).isoformat()}
