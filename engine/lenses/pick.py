"""One entry of a list as a single value: the main e-mail address, the mobile number, the home address.

The other entries stay; they may belong to other rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.lens import Context
from engine.lenses.address import MEMBERS, Address
from engine.lenses.entries import label_of

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pick:
    """The first entry with one of these labels (None: without one), or (no labels) the first of all. `inner` reads what
    it holds.

    A new entry has the first label. A main entry that is in the list already goes to the front. Nothing takes the one
    entry away; of several all stay, for nobody said that another one should take its place.
    """

    labels: tuple[str | None, ...]
    inner: Any
    klass: str = "stable"
    reads: tuple[str, ...] = ()
    part: bool = True

    def get(self, native: Any, context: Context) -> Any:
        at = self._place(native)
        return None if at is None else self._value(native[at], context)

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        entries, at = list(old or ()), self._place(old)
        if self.get(old, context) == self.inner.get(shared, context):
            return old
        if shared is None:
            rest = [entry for place, entry in enumerate(entries) if place != at]
            return old if self._place(rest) is not None else rest
        if not self.labels and (there := self._there(entries, shared, context)) is not None:
            return [entries.pop(there), *entries]
        if at is None:
            new = self._written(shared, {}, context)
            return [*entries, {**new, "label": self.labels[0] if self.labels else None}]
        return [*entries[:at], self._written(shared, entries[at], context), *entries[at + 1 :]]

    def _place(self, native: Any) -> int | None:
        """Where the entry is; one that holds nothing counts as none."""
        for place, entry in enumerate(native or ()):
            if (not self.labels or label_of(entry) in self.labels) and self._held(entry):
                return place
        return None

    def _there(self, entries: list[Entry], shared: Any, context: Context) -> int | None:
        wanted = self.inner.get(shared, context)
        return next((n for n, entry in enumerate(entries) if self._value(entry, context) == wanted), None)

    def _held(self, entry: Entry) -> bool:
        names = MEMBERS if isinstance(self.inner, Address) else ("value",)
        return any(str(entry.get(name) or "").strip() for name in names)

    def _value(self, entry: Entry, context: Context) -> Any:
        return self.inner.get(entry if isinstance(self.inner, Address) else entry.get("value"), context)

    def _written(self, shared: Any, entry: Entry, context: Context) -> Entry:
        if isinstance(self.inner, Address):
            return dict(self.inner.put(shared, entry, context) or {})
        return {**entry, "value": self.inner.put(shared, entry.get("value"), context)}
