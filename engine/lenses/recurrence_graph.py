"""Recurrence as Microsoft's patternedRecurrence. What one pattern cannot say becomes a wider one; see `translate`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.lens import Context, Refusal
from engine.lenses import pattern
from engine.lenses.moment import STARTS, Anchor, series_anchor
from engine.lenses.translate import Translation, translation


def series(context: Context) -> Translation | None:
    """The translation of the shared record's recurrence for a put; None where it has none, or no start."""
    shared, start = context.shared.get("meeting.repeat"), series_anchor(context)
    return translation(shared, start, context.horizon) if shared and start else None


@dataclass(frozen=True, slots=True)
class PatternedRecurrence:
    """The pattern of a series. The occurrences lens adds the cancelled and moved days that belong to it."""

    klass: str = "stable"
    reads: tuple[str, ...] = STARTS

    def get(self, native: Any, context: Context) -> Any:
        start = series_anchor(context)
        if not native or start is None:
            return None
        try:
            return pattern.read(native, start)
        except (KeyError, ValueError):
            return {"rules": [{"raw": str(native.get("pattern"))}], "rdates": [], "exrules": []}

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        start = series_anchor(context)
        if shared is None:
            return None
        if start is None:
            raise Refusal("A repeat rule needs a start.")
        if self._means(old, shared, start, context):
            return old
        result = translation(shared, start, context.horizon)
        if result.native is None:
            raise Refusal(result.verdict.reason)
        if result.verdict.kind == "expanded":
            context.notes.append(result.verdict.reason)
        if self._means(old, self.get(result.native, context), start, context):
            return old
        return {**result.native, "range": {**result.native["range"], **self._zone(start, context)}}

    def _means(self, old: Any, shared: Any, start: Anchor, context: Context) -> bool:
        """True if the pattern that is there says this already, from this start."""
        begins = ((old or {}).get("range") or {}).get("startDate")
        return begins == start.at.date().isoformat() and self.get(old, context) == shared

    def _zone(self, start: Anchor, context: Context) -> dict[str, str]:
        native = context.value("meeting.start") or {}
        return {} if start.all_day or not native.get("timeZone") else {"recurrenceTimeZone": native["timeZone"]}
