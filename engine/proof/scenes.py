"""Meetings to try: starts, ends, rules and changed occurrences that belong together, as shared values."""

from __future__ import annotations

from typing import Any

from engine.bound import Bound
from engine.lenses.moment import anchor
from engine.lenses.recurrence_ical import read

_BERLIN, _NEW_YORK = "Europe/Berlin", "America/New_York"
TIMES = (
    ({"at": "2026-11-02T09:00:00", "zone": _BERLIN}, {"at": "2026-11-02T10:30:00", "zone": _BERLIN}),
    ({"date": "2026-11-02"}, {"date": "2026-11-03"}),
    ({"date": "2026-12-30"}, {"date": "2027-01-02"}),
    ({"at": "2026-11-02T23:30:00", "zone": _NEW_YORK}, {"at": "2026-11-03T00:15:00", "zone": _NEW_YORK}),
    ({"at": "2026-10-25T02:30:00", "zone": _BERLIN}, {"at": "2026-10-25T03:30:00", "zone": _BERLIN}),
    ({"at": "2026-11-02T09:00:00", "zone": "UTC"}, {"at": "2026-11-02T09:00:00", "zone": "UTC"}),
)
RULES = (
    "FREQ=WEEKLY",
    "FREQ=DAILY;COUNT=4;INTERVAL=3",
    "FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20261231T235959Z",
    "FREQ=MONTHLY;BYDAY=1MO;COUNT=5",
    "FREQ=YEARLY;COUNT=3",
    "FREQ=MONTHLY;BYMONTHDAY=5,20;COUNT=6",
)
"""The last one is more than some apps can say in their own words."""


def scenes(bound: Bound, rows: tuple[str, ...]) -> list[dict[str, Any]]:
    """Shared values of these rows, by row; [] where none of them is a moment."""
    kinds = {row: _kind(bound, row) for row in rows}
    moments = [row for row in rows if kinds[row] == "moment"]
    if not moments:
        return []
    start = next((row for row in moments if bound.rows[row].means.endswith(".start")), moments[0])
    end = next((row for row in moments if bound.rows[row].means.endswith(".end")), None)
    repeat = next((row for row in rows if kinds[row] == "recurrence"), None)
    changed = next((row for row in rows if kinds[row] == "occurrences"), None)
    found = [_timed(start, end, times) for times in TIMES]
    if repeat:
        first, begin = _timed(start, end, TIMES[0]), anchor(TIMES[0][0])
        found += [{**first, repeat: read([f"RRULE:{rule}"], begin)} for rule in RULES]
    if repeat and changed and end:
        found.append({**found[len(TIMES)], changed: _changes(start, end)})
    return found


def _timed(start: str, end: str | None, times: tuple[Any, Any]) -> dict[str, Any]:
    return {start: times[0]} | ({end: times[1]} if end else {})


def _changes(start: str, end: str) -> dict[str, Any]:
    """The second occurrence is moved to the next day, the third is cancelled."""
    moved = {
        start: {"at": "2026-11-10T14:00:00", "zone": _BERLIN},
        end: {"at": "2026-11-10T15:30:00", "zone": _BERLIN},
    }
    return {"2026-11-09": moved, "2026-11-16": {"cancelled": True}}


def _kind(bound: Bound, row: str) -> str:
    side, cell = next(iter(bound.rows[row].cells.items()))
    return bound.sides[side].schema.fields[cell.name].type
