"""Time zone names: one canonical IANA spelling, Windows names, and which zones a Windows name cannot tell apart.

Links come from the IANA database as the `tzdata` package ships it, Windows names from the CLDR tables in `tzlocal`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import tz_win, win_tz

_UTC = frozenset({"Etc/UTC", "Etc/GMT"})


def _data(name: str) -> list[str]:
    return resources.files("tzdata").joinpath(name).read_text(encoding="utf-8").splitlines()


@cache
def _known() -> frozenset[str]:
    return frozenset(_data("zones"))


@cache
def _links() -> dict[str, str]:
    """Old name -> present name. Names that a country still uses (Europe/Oslo) are not old, whatever they link to."""
    used = {line.split("\t")[2] for line in _data("zoneinfo/zone.tab") if not line.startswith("#")}
    links = (line.split()[1:3] for line in _data("zoneinfo/tzdata.zi") if line.startswith("L "))
    return {alias: target for target, alias in links if alias not in used}


@cache
def canonical(name: str | None) -> str | None:
    """The canonical IANA name for an IANA or Windows name, or None where the name is unknown."""
    if not name:
        return None
    name = win_tz.get(name, name)
    seen = {name}
    while (target := _links().get(name)) is not None and target not in seen:
        name = target
        seen.add(name)
    if name in _UTC:
        return "UTC"
    return name if name in _known() else None


@cache
def windows(name: str) -> str | None:
    """The Windows name for an IANA or Windows name, or None where there is none."""
    if name in win_tz:
        return name
    known = canonical(name)
    return tz_win.get(name) or (tz_win.get(known) if known else None)


@cache
def zone_info(name: str) -> ZoneInfo:
    """The zone for a name that `canonical` knows."""
    return ZoneInfo(canonical(name) or "UTC")


@cache
def alike(one: str, other: str) -> bool:
    """True if both have the same Windows name and showed, and will show, the same offsets from 2000 to 2037."""
    if canonical(one) == canonical(other):
        return True
    if windows(one) is None or windows(one) != windows(other):
        return False
    days = (
        datetime.combine(date(y, m, d), datetime.min.time(), UTC)
        for y in range(2000, 2038)
        for m in range(1, 13)
        for d in (1, 15)
    )
    first, second = zone_info(one), zone_info(other)
    return all(day.astimezone(first).utcoffset() == day.astimezone(second).utcoffset() for day in days)


def to_utc(wall: datetime, zone: str | None) -> datetime:
    """The instant of a wall time. In a gap the offset before it holds, in an overlap the first pass (RFC 5545)."""
    return wall.replace(tzinfo=zone_info(zone) if zone else UTC).astimezone(UTC)


def to_wall(instant: datetime, zone: str | None) -> datetime:
    """The naive wall time of an aware instant."""
    return instant.astimezone(zone_info(zone) if zone else UTC).replace(tzinfo=None)
