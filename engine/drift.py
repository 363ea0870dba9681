"""What apps have changed about fields that a sync uses: the row rests, and the others go on. Pure.

A side's schema is kept as `{"fields", "zone", "at", "was", "needs", "lost", "came"}`: when it was read (None: it is in
doubt), fields that were otherwise when the sync last relied on them, fields that are required only now, choices that
were taken away, and choices that came or were renamed, each with the label it had before (None: it was not there).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from engine.contract import Field, Schema
from engine.gaps import Choice, Gap, gaps
from engine.mapping import Mapping as SyncMapping

Doc = Mapping[str, Any]
_ALTERED = ("type", "dialect", "many")


@dataclass(frozen=True)
class Drift:
    """One change of one field."""

    side: str
    field: str
    kind: str
    """removed | retyped | locked | required | choices."""
    row: str | None
    """The row that rests, or (choices) some values of which wait; None: records are not created there."""
    reason: str
    about: tuple[str, ...]
    """What an answer is bound to."""
    choices: tuple[Choice, ...] = ()
    """Those that the mapping cannot carry."""

    @property
    def rests(self) -> str | None:
        """The row that is left out as a whole."""
        return self.row if self.kind != "choices" else None


def renewed(stored: Doc | None, schema: Schema, at: str) -> dict[str, Any]:
    """The document of a schema that was just read, beside what was known before."""
    now = {name: asdict(item) for name, item in schema.fields.items()}
    before: dict[str, Any] = dict(stored["fields"]) if stored else {}
    was = {**before, **(stored.get("was", {}) if stored else {})}
    lost = {name: _lost(before.get(name), item, (stored or {}).get("lost", {}).get(name)) for name, item in now.items()}
    came = {name: _came(before.get(name), item, (stored or {}).get("came", {}).get(name)) for name, item in now.items()}
    needs = {name for name, item in now.items() if item["required"] and not before.get(name, {}).get("required")}
    needs = (needs if stored else set()) | ({*stored.get("needs", [])} if stored else set())
    return {
        "fields": now,
        "zone": schema.zone,
        "at": at,
        "was": {name: item for name, item in was.items() if _kind(item, now.get(name))},
        "needs": sorted(name for name in needs if now.get(name, {}).get("required")),
        "lost": {name: choices for name, choices in lost.items() if choices},
        "came": {name: choices for name, choices in came.items() if choices},
    }


def _lost(before: Doc | None, now: Doc, lost: Doc | None) -> dict[str, str]:
    """Choices that the field had; a field without choices takes any."""
    known = {**(lost or {}), **((before or {}).get("choices") or {})}
    return {value: label for value, label in known.items() if now["choices"] and value not in now["choices"]}


def _came(before: Doc | None, now: Doc, came: Doc | None) -> dict[str, str | None]:
    """Choices of a field that had others; the label is that of before the first change."""
    former, choices = (before or {}).get("choices") or {}, now["choices"] or {}
    new = {value: former.get(value) for value, label in choices.items() if former and former.get(value) != label}
    return {value: label for value, label in {**new, **(came or {})}.items() if value in choices}


def accepted(stored: Doc, field: str) -> dict[str, Any]:
    """The document once the sync relies on the field as it is now."""
    return {**stored, "was": {name: item for name, item in stored.get("was", {}).items() if name != field}}


def schema_of(stored: Doc) -> Schema:
    """The schema that was read."""
    return Schema({name: Field(**item) for name, item in stored["fields"].items()}, stored["zone"])


def lenient(stored: Doc, without: Collection[tuple[str, str]] = ()) -> Schema:
    """The same as if nothing were required only now, no choice had been taken away, and those `without` (field, value)
    were as before: creates, and values of such choices, wait by themselves, so the mapping is none the less safe."""
    schema, needs = schema_of(stored), stored.get("needs", ())
    lost, came = stored.get("lost", {}), stored.get("came", {})
    fields = {name: replace(one, required=one.required and name not in needs) for name, one in schema.fields.items()}
    fields |= {n: replace(fields[n], choices={**(fields[n].choices or {}), **lost[n]}) for n in lost if n in fields}
    for name, value in without:
        label = came[name][value]
        known = {one: said for one, said in (fields[name].choices or {}).items() if one != value}
        fields[name] = replace(fields[name], choices=known if label is None else {**known, value: label})
    return Schema(fields, schema.zone)


def drifts(mapping: SyncMapping, docs: Mapping[str, Doc]) -> list[Drift]:
    """What has changed of the fields that the mapping uses."""
    found = [one for name in mapping.fields for one in _of_row(mapping, name, docs)]
    rests, came = {one.row for one in found}, {side: doc.get("came", {}) for side, doc in docs.items()}
    if any(came.values()):
        schemas = {side: schema_of(doc) for side, doc in docs.items()}
        awake = [name for name in mapping.fields if name not in rests]
        found += [_gap(one) for name in awake for one in gaps(mapping, name, schemas, came)]
    filled = {
        (side, native)
        for row in mapping.fields.values()
        for side in filter(row.writes, row.sides)
        for native in row.native(side)
    }
    for side, doc in docs.items():
        for name in doc.get("needs", ()):
            if (side, name) not in filled and doc["fields"][name]["writable"]:
                reason = f"{side} requires '{name}' of new records now, and no row fills it"
                found.append(Drift(side, name, "required", None, reason, ("required", side, name)))
    return found


def _gap(gap: Gap) -> Drift:
    about = ("choices", gap.side, gap.field, gap.row, *sorted(one.value for one in gap.choices))
    return Drift(gap.side, gap.field, "choices", gap.row, gap.reason, about, gap.choices)


def _of_row(mapping: SyncMapping, name: str, docs: Mapping[str, Doc]) -> Iterator[Drift]:
    row = mapping.fields[name]
    for side in filter(docs.__contains__, row.sides):
        for native in row.native(side):
            was, now = docs[side].get("was", {}).get(native), docs[side]["fields"].get(native)
            kind = _kind(was, now) if was else ""
            if kind and not (kind == "locked" and not row.writes(side)):
                about = (kind, side, native, was["type"], now["type"] if now else "")
                yield Drift(
                    side, native, kind, name, _REASONS[kind].format(side=side, native=native, was=was, now=now), about
                )
                return


def _kind(was: Doc, now: Doc | None) -> str:
    if now is None:
        return "removed"
    if any(was[key] != now[key] for key in _ALTERED):
        return "retyped"
    return "locked" if was["writable"] and not now["writable"] else ""


_REASONS = {
    "removed": "{side} has no field '{native}' any more",
    "retyped": "'{native}' of {side} is of another type now ({now[type]}; it was {was[type]})",
    "locked": "'{native}' of {side} can only be read now",
}
