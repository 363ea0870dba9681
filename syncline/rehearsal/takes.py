"""When a meeting takes place, in whatever words: two records say the same if they name the same times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from engine.bound import Bound
from engine.lenses import expand
from engine.lenses.moment import anchor

LONG = timedelta(days=800)


def occurring(bound: Bound, shared: Mapping[str, Any]) -> set[str] | None:
    """The starts (ISO wall times) of a shared record's occurrences in its first years, without the cancelled ones and
    with the moved ones where they went; None where it has no start or no telling."""
    rows = {row.means.rpartition(".")[2]: shared.get(name) for name, row in bound.rows.items()}
    start, repeat = rows.get("start"), rows.get("repeat")
    begin = anchor(start) if isinstance(start, dict) else None  # a task starts on a day
    if begin is None or not repeat:
        return None
    name = next(row.name for row in bound.rows.values() if row.means.endswith(".start"))
    try:
        found = expand.starts(repeat, begin, min(begin.at + LONG, expand.FAR))
    except expand.Unexpandable:
        return None
    several = expand.several_a_day(repeat)
    changed = {_key(key, several): entry for key, entry in (rows.get("changed") or {}).items()}
    times = set()
    for at in found:
        entry = changed.get(_key(at.isoformat(), several), {})
        if not entry.get("cancelled"):
            there = entry.get(name) or {}
            times.add(str(there.get("date") or there.get("at") or at.isoformat())[: 10 if begin.all_day else 19])
    return times


def _key(text: str, several: bool) -> str:
    return datetime.fromisoformat(text).isoformat() if several else text[:10]
