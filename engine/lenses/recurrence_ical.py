"""Recurrence as iCalendar content lines: `["RRULE:FREQ=WEEKLY;BYDAY=MO", "RDATE;TZID=Europe/Berlin:20261120T150000"]`.

Shared: None for a single event, else `{"rules": [...], "rdates": [...], "exrules": [...]}` with canonical rules (see
`rule`). An RDATE is a date where it has the series' time of day, else a wall time in the series' zone. EXDATEs are not
here: they are cancelled occurrences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.lens import Context, Refusal
from engine.lenses import expand, rule, zones
from engine.lenses.moment import STARTS, Anchor, series_anchor
from engine.lenses.rule_steps import Rule

Repeat = dict[str, Any]


def read(lines: Sequence[str] | None, start: Anchor | None) -> Repeat | None:
    """Content lines as shared recurrence; None where they add no occurrence to the start."""
    found: dict[str, list[Any]] = {"RRULE": [], "RDATE": [], "EXRULE": []}
    for line in lines or ():
        head, _, value = line.partition(":")
        name = head.upper().split(";")[0]
        if name in ("RRULE", "EXRULE"):
            found[name].append(rule.canonical(value, start))
        elif name == "RDATE":
            found[name].extend(_dates(value, _zone(head), start))
    own = start.at.date().isoformat() if start else None
    rdates = sorted({text for text in found["RDATE"] if text != own})
    if not found["RRULE"] and not rdates:
        return None
    return {"rules": _unique(found["RRULE"]), "rdates": rdates, "exrules": _unique(found["EXRULE"])}


def _unique(rules: list[Any]) -> list[Any]:
    return [one for _, one in sorted({repr(one): one for one in rules}.items())]


def _zone(head: str) -> str | None:
    return next((part[5:].strip('"') for part in head.split(";") if part.upper().startswith("TZID=")), None)


def _dates(value: str, zone: str | None, start: Anchor | None) -> Iterator[str]:
    """RDATEs in the series' own wall time; of a PERIOD only its start (its length is the series')."""
    for item in value.split(","):
        text = item.strip().split("/")[0]
        if not text:
            continue
        if len(text) < 15:
            yield datetime.strptime(text[:8], "%Y%m%d").date().isoformat()  # noqa: DTZ007 - wall time
            continue
        wall = datetime.strptime(text[:15], "%Y%m%dT%H%M%S")  # noqa: DTZ007 - wall time
        known = "UTC" if text.endswith("Z") else zones.canonical(zone)
        if start and known and start.zone and known != start.zone:
            wall = zones.to_wall(zones.to_utc(wall, known), start.zone)
        plain = start is not None and (start.all_day or wall.time() == start.at.time())
        yield wall.date().isoformat() if plain else wall.isoformat()


def write(repeat: Repeat, start: Anchor) -> list[str]:
    """The content lines of a shared recurrence for a series with this start."""
    lines = [f"RRULE:{_rule(one, start)}" for one in repeat["rules"]]
    if repeat["rdates"]:
        lines.append(_rdates(repeat["rdates"], start))
    return lines + [f"EXRULE:{_rule(one, start)}" for one in repeat["exrules"]]


def _rule(one: Rule, start: Anchor) -> str:
    text = rule.write(one)
    return f"{text};UNTIL={_until(one['until'], start)}" if "until" in one else text


def _until(until: str, start: Anchor) -> str:
    """The end of the last day, so that the rule keeps its last occurrence when the series moves to a later hour."""
    if start.all_day:
        return until[:10].replace("-", "")
    wall = datetime.fromisoformat(until if "T" in until else f"{until}T23:59:59")
    if start.zone is None:
        return f"{wall:%Y%m%dT%H%M%S}"
    return f"{zones.to_utc(wall, start.zone):%Y%m%dT%H%M%SZ}"


def _rdates(rdates: Sequence[str], start: Anchor) -> str:
    if start.all_day:
        return "RDATE;VALUE=DATE:" + ",".join(text[:10].replace("-", "") for text in rdates)
    walls = ",".join(f"{expand.date_of(text, start):%Y%m%dT%H%M%S}" for text in rdates)
    if start.zone == "UTC":
        return "RDATE:" + walls.replace(",", "Z,") + "Z"
    return f"RDATE;TZID={start.zone}:{walls}" if start.zone else f"RDATE:{walls}"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Recurrence lines. `google` has no rule finer than a day and no lists of hours; `ical` takes every rule."""

    dialect: str = "ical"
    klass: str = "exact"
    reads: tuple[str, ...] = STARTS

    def get(self, native: Any, context: Context) -> Any:
        return read(native, series_anchor(context)) if native else None

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        if old is not None and self.get(old, context) == shared:
            return old
        if shared is None:
            return None
        start = series_anchor(context)
        if start is None:
            raise Refusal("A repeat rule needs a start.")
        self._check(shared)
        return write(shared, start)

    def _check(self, shared: Repeat) -> None:
        for one in (*shared["rules"], *shared["exrules"]):
            if "raw" in one:
                raise Refusal(f"The repeat rule {one['raw']!r} cannot be read.")
        if self.dialect == "google" and expand.several_a_day(shared):
            raise Refusal("Google Calendar has no repeat rule with several starts a day.")
