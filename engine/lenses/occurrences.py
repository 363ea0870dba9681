"""Changed occurrences by original start: `{"2026-11-09": {"cancelled": True}, "2026-11-16": {"title": "A"}}`.

Entries are sparse on both ends: what they do not name is as in the series. The mapping's own lenses convert fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from engine.lens import Context, Lens
from engine.lenses import expand
from engine.lenses.moment import Moment, later, read, series_anchor, span
from engine.lenses.recurrence_graph import series

Entry = dict[str, Any]
KEY = "original_start"


@dataclass(frozen=True)
class Occurrences:
    """The occurrences field of one side. `rows`: native field -> (row of the mapping, its lens at this side)."""

    dialect: str
    rows: Mapping[str, tuple[str, Lens]]
    klass: str = "stable"

    @property
    def reads(self) -> tuple[str, ...]:
        own = ("meeting.start", "meeting.end")
        return (*own, "meeting.repeat") if self.dialect == "graph" else own

    def split(self, native: Any) -> dict[str, Any]:
        """Native entries by original start."""
        return {entry[KEY]: entry for entry in native or ()}

    def join(self, entries: Mapping[str, Any]) -> list[Any]:
        """The native list of these entries, in order of their keys."""
        return [entries[key] for key in sorted(entries)]

    def get(self, native: Any, context: Context) -> Any:
        shown = {key: self._show(entry, context) for key, entry in self.split(native).items()}
        return {key: entry for key, entry in shown.items() if entry}

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        needed = self._needed(context)
        wanted = {**needed, **self._completed(shared or {}, needed, context)}
        former = self.split(old)
        entries = {key: self._entry(key, wanted.get(key), former.get(key), context) for key in {*wanted, *former}}
        native = self.join({key: entry for key, entry in entries.items() if len(entry) > 1})
        return old if old is not None and self.split(old) == self.split(native) else native

    def _show(self, entry: Entry, context: Context) -> Entry:
        if entry.get("cancelled"):
            return {"cancelled": True}
        inner = replace(context, native={**context.native, **entry})
        return {row: lens.get(entry[name], inner) for name, (row, lens) in self.rows.items() if name in entry}

    def _needed(self, context: Context) -> dict[str, Entry]:
        """What a Graph series needs besides its pattern: its surplus days, and its dates at another hour."""
        found = series(context) if self.dialect == "graph" else None
        if found is None:
            return {}
        needed: dict[str, Entry] = {key: {"cancelled": True} for key in found.cancelled}
        for key, at in found.moved.items():
            needed[key] = {self._row("meeting.start", context): {"at": at, "zone": self._start(context).get("zone")}}
        return {key: entry for key, entry in needed.items() if "" not in entry}

    def _completed(
        self, shared: Mapping[str, Entry], needed: Mapping[str, Entry], context: Context
    ) -> dict[str, Entry]:
        """The shared entries; one whose date has another hour keeps it unless it says where it went."""
        row = self._row("meeting.start", context)
        return {
            key: {**needed[key], **entry} if row in needed.get(key, {}) and not entry.get("cancelled") else entry
            for key, entry in shared.items()
        }

    def _entry(self, key: str, shared: Entry | None, old: Entry | None, context: Context) -> Entry:
        """The native entry; one with nothing but its key says nothing."""
        if old is not None and self._show(old, context) == (shared or {}):
            return old
        if shared and shared.get("cancelled"):
            return {KEY: key, "cancelled": True}
        rest = {} if old is None or old.get("cancelled") else {n: v for n, v in old.items() if n not in self.rows}
        entry = {KEY: key, **rest}
        if shared:
            self._fill(entry, key, shared, old or {}, context)
        return entry

    def _fill(self, entry: Entry, key: str, shared: Entry, old: Entry, context: Context) -> None:
        inner = replace(context, native={**context.native, **self._plain_span(key, context), **entry})
        for name, (row, lens) in sorted(self.rows.items(), key=lambda item: len(item[1][1].reads)):
            if row not in shared:
                continue
            value = lens.put(shared[row], old.get(name, context.native.get(name)), inner)
            if value != context.native.get(name) or name in self._spans(context):
                entry[name] = value
                inner.native = {**inner.native, name: value}
        self._pair(entry, key, context)

    def _spans(self, context: Context) -> tuple[str | None, str | None]:
        return context.means.get("meeting.start"), context.means.get("meeting.end")

    def _row(self, means: str, context: Context) -> str:
        return self.rows.get(context.means.get(means, ""), ("", None))[0]

    def _start(self, context: Context) -> Entry:
        return read(context.value("meeting.start"), context.zone, floats=self.dialect == "ical") or {}

    def _pair(self, entry: Entry, key: str, context: Context) -> None:
        """Start and end travel together: adds a missing one, drops both where they are the occurrence's own."""
        start, end = self._spans(context)
        plain = self._plain_span(key, context)
        if start is None or end is None or not plain or not ({start, end} & set(entry)):
            return
        if start in entry and end not in entry:
            length = span(*(read(plain[name], context.zone) or {} for name in (start, end)))
            begin = read(entry[start], context.zone)
            if begin is not None and length is not None:
                entry[end] = Moment(self.dialect).put(later(begin, length), entry[start], context)
        entry.setdefault(start, plain[start])
        if all(self._same(entry.get(name), plain[name], context) for name in (start, end)):
            del entry[start], entry[end]

    def _same(self, one: Any, other: Any, context: Context) -> bool:
        return read(one, context.zone) == read(other, context.zone)

    def _plain_span(self, key: str, context: Context) -> Entry:
        """Native start and end of the unchanged occurrence with this key; {} where the series has none."""
        names, begin = self._spans(context), series_anchor(context)
        moments = [read(context.native.get(name), context.zone) if name else None for name in names]
        if begin is None or moments[0] is None or moments[1] is None:
            return {}
        length = span(moments[0], moments[1]) or timedelta(0)
        at = expand.date_of(key, begin)
        first = {"date": at.date().isoformat()} if begin.all_day else {"at": at.isoformat(), "zone": moments[0]["zone"]}
        shared = (first, later(first, length))
        lens = Moment(self.dialect)
        return {
            str(n): lens.put(value, context.native.get(n or ""), context)
            for n, value in zip(names, shared, strict=True)
        }
