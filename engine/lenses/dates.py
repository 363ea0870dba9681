"""Days and instants.

Shared: a day "2026-11-23", or "--04-12" where the year is not known; an instant in UTC "2026-11-23T10:00:00Z", with a
fraction only where there is one. A text that is neither is read as it is, and refused where it would be written.
"""

# ruff: noqa: ARG002 - the arguments are those of the Lens protocol

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from engine.lens import Context, Refusal
from engine.lenses import zones
from engine.lenses.text import tidy

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = re.compile(r"(?P<year>\d{4}|-)-?(?P<month>\d\d)-?(?P<day>\d\d)(?:[T ].*)?")
_INSTANT = re.compile(r"(?P<wall>\d{4}-?\d\d-?\d\d[T ]\d\d:?\d\d(?::?\d\d)?)(?:[.,](?P<part>\d+))?(?P<zone>Z|[+-].+)?")


def day(text: Any) -> str | None:
    """The day that a text begins with; None where it is none."""
    found = _DAY.fullmatch(str(text).strip())
    if found is None:
        return None
    year = found["year"]
    try:
        valid = date(2024 if year == "-" else int(year), int(found["month"]), int(found["day"]))
    except ValueError:
        return None
    return f"--{valid:%m-%d}" if year == "-" else valid.isoformat()


@dataclass(frozen=True, slots=True)
class Day:
    """A day in the dialects: "" (2026-11-23), epoch_ms (midnight UTC), parts (year, month, day), vcard (--0412)."""

    dialect: str = ""
    reads: tuple[str, ...] = ()

    @property
    def klass(self) -> str:
        return "exact" if self.dialect in ("parts", "vcard") else "stable"

    def get(self, native: Any, context: Context) -> Any:
        if self.dialect == "parts":
            return _of_parts(native)
        if self.dialect == "epoch_ms" and native not in (None, "") and (at := _since(native, 1000)):
            return at.date().isoformat()
        text = tidy(native)
        return None if text is None else day(text) or text.strip() or None

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        if shared is None:
            return None if self.get(old, context) is not None else old
        wanted = day(shared)
        if old is not None and self.get(old, context) in (shared, wanted):
            return old
        if wanted is None:
            raise Refusal(f"{shared!r} is not a day.")
        return self._spelled(wanted, old)

    def _spelled(self, wanted: str, old: Any) -> Any:
        if self.dialect == "parts":
            year, month, number = wanted[:-6], int(wanted[-5:-3]), int(wanted[-2:])
            return {**({"year": int(year)} if year != "-" else {}), "month": month, "day": number}
        if self.dialect == "vcard":
            return wanted.replace("-", "") if wanted[0] != "-" else f"--{wanted[2:].replace('-', '')}"
        if wanted[0] == "-":
            raise Refusal(f"The day {wanted} has no year, and this side needs one.")
        if self.dialect != "epoch_ms":
            return wanted
        number = (date.fromisoformat(wanted) - _EPOCH.date()).days * 86_400_000
        return str(number) if isinstance(old, str) else number


def _of_parts(native: Any) -> str | None:
    parts = native if isinstance(native, Mapping) else {}
    if not parts.get("month") or not parts.get("day"):
        return None
    year = f"{int(parts['year']):04}" if parts.get("year") else "-"
    return day(f"{year}-{int(parts['month']):02}-{int(parts['day']):02}")


def _since(native: Any, per_second: int) -> datetime | None:
    """The instant of a number of seconds or milliseconds since 1970."""
    try:
        return _EPOCH + timedelta(microseconds=int(Decimal(str(native)) * (1_000_000 // per_second)))
    except (ValueError, ArithmeticError):
        return None


@dataclass(frozen=True, slots=True)
class Instant:
    """A point in time in the dialects: "" (ISO 8601), epoch_ms, epoch, graph (dateTime and timeZone), ical."""

    dialect: str = ""
    reads: tuple[str, ...] = ()

    @property
    def klass(self) -> str:
        return "exact" if self.dialect in ("", "graph") else "stable"

    def get(self, native: Any, context: Context) -> Any:
        at = self._read(native, context.zone)
        return said(at) if at is not None else (tidy(native) if isinstance(native, str) else None)

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        if shared is None:
            return None if self.get(old, context) is not None else old
        if old is not None and self.get(old, context) == shared:
            return old
        at = parsed(shared, "UTC")
        if at is None:
            raise Refusal(f"{shared!r} is not a point in time.")
        native = self._spelled(at, old)
        return old if old is not None and self.get(old, context) in (said(at), self.get(native, context)) else native

    def _read(self, native: Any, zone: str) -> datetime | None:
        if native is None or native == "":
            return None
        if self.dialect in ("epoch_ms", "epoch"):
            return _since(native, 1000 if self.dialect == "epoch_ms" else 1)
        if isinstance(native, Mapping):
            name = zones.canonical(native.get("timeZone") or zone) or "UTC"
            return parsed(native.get("dateTime"), name)
        return parsed(native, zone)

    def _spelled(self, at: datetime, old: Any) -> Any:
        if self.dialect == "graph":
            return _graph(at, old)
        if self.dialect == "ical":
            return at.strftime("%Y%m%dT%H%M%SZ").rjust(16, "0")
        if self.dialect == "":
            return said(at)
        number = (at - _EPOCH) // timedelta(milliseconds=1 if self.dialect == "epoch_ms" else 1000)
        return str(number) if isinstance(old, str) else number


def parsed(text: Any, zone: str) -> datetime | None:
    """The instant in UTC that a text says; one without offset is a wall time in `zone`. None where it says none."""
    found = _INSTANT.fullmatch(str(text).strip())
    if found is None:
        return None
    try:
        wall = datetime.fromisoformat(found["wall"]).replace(microsecond=int((found["part"] or "0")[:6].ljust(6, "0")))
        if found["zone"] is None:
            return zones.to_utc(wall, zone)
        return datetime.fromisoformat(f"{wall.isoformat()}{found['zone']}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def said(at: datetime) -> str:
    """An instant as shared value."""
    part = f".{at.microsecond:06}".rstrip("0") if at.microsecond else ""
    return f"{at.replace(microsecond=0, tzinfo=None).isoformat()}{part}Z"


def _graph(at: datetime, old: Any) -> dict[str, Any]:
    """In the zone of the value before, where the wall time there tells the instant."""
    named = old.get("timeZone") if isinstance(old, Mapping) else None
    zone = zones.canonical(named) or "UTC"
    try:
        wall = zones.to_wall(at, zone)
        if zones.canonical(named) is None or zones.to_utc(wall, zone) != at:
            named, wall = None, at.replace(tzinfo=None)
    except OverflowError:
        named, wall = None, at.replace(tzinfo=None)
    return {"dateTime": f"{wall.isoformat()[:19]}.{wall.microsecond:06}0", "timeZone": named or "UTC"}


@dataclass(frozen=True, slots=True)
class DayOf:
    """The day of an instant in a zone, or in that of the side. Another day keeps the hour; the first is at midnight."""

    zone: str | None = None
    klass: str = "stable"
    reads: tuple[str, ...] = ()

    def get(self, native: Any, context: Context) -> Any:
        at = parsed(native, "UTC") if native is not None else None
        return native if at is None else zones.to_wall(at, self.zone or context.zone).date().isoformat()

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        if shared is None or (old is not None and self.get(old, context) == shared):
            return None if shared is None else old
        wanted = day(shared)
        if wanted is None or wanted[0] == "-":
            raise Refusal(f"{shared!r} is not a day with a year.")
        at = parsed(old, "UTC") if old is not None else None
        zone = self.zone or context.zone
        hour = zones.to_wall(at, zone).time() if at else time()
        try:
            found = zones.to_utc(datetime.combine(date.fromisoformat(wanted), hour), zone)
        except OverflowError:
            raise Refusal(f"The day {wanted} is at the end of all days.") from None
        if zones.to_wall(found, zone).date().isoformat() != wanted:  # a midnight that a change of clocks skips
            found = zones.to_utc(datetime.combine(date.fromisoformat(wanted), time(12)), zone)
        return said(found)
