"""Where a history plays: the sides with their abilities, the mapping, and values that users write."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.contract import Caps, Field, Schema, Support
from engine.mapping import Mapping as MappingModel
from syncline.rehearsal.habits import NO_HABITS, Habits

Draw = Callable[[random.Random, Field, int], Any]
"""A native value that a user could write into a field; the number makes it unlike all others."""

FIELDS = {
    "uid": Field(type="text", means="thing.uid", writable=False),
    "name": Field(type="text", means="thing.title"),
    "note": Field(type="text", means="thing.note"),
    "place": Field(type="text", means="thing.place"),
    "amount": Field(type="number", means="thing.amount"),
    "kind": Field(type="choice", means="thing.kind"),
    "people": Field(type="people", dialect="google", means="thing.people", many=True),
}
ROWS = {"title": "name", "note": "note", "place": "place", "amount": "amount", "people": "people"}


@dataclass(frozen=True)
class Place:
    """One side: its schema, abilities and habits."""

    schema: Schema
    caps: Caps
    habits: Habits = NO_HABITS


@dataclass(frozen=True)
class Setting:
    """All that is fixed while a history plays."""

    mapping: MappingModel
    places: Mapping[str, Place]
    marker: str
    """The row whose text says which thing a record is; users leave it alone."""
    draw: Draw
    users: tuple[str, ...]
    """The sides on which users work."""
    private: str = ""
    """The side with a filter: on `kind`, or that of the user's own mapping."""
    recorded: Mapping[str, Sequence[dict[str, Any]]] | None = None
    """Of a user's own mapping: native records that were seen before, by side. None: the made-up mapping."""


def things(rng: random.Random) -> Setting:
    """A mapping of things, drawn: two to four sides, a policy, sometimes a filter, a one-way side or tight brakes."""
    names = list("abcd"[: rng.choice([2, 2, 2, 3, 3, 4])])
    source = rng.random() < 0.08
    private = "" if source or rng.random() < 0.85 else "a"
    others = names[1:]
    rows: dict[str, Any] = {row: {**dict.fromkeys(names, native)} for row, native in ROWS.items()}
    rows["people"] |= {"each": "email"}
    if source:
        rows = {row: {**cells, "to": others} for row, cells in rows.items()}
    doc: dict[str, Any] = {
        "name": "things",
        "sides": {name: {"app": "caldav", "object": "things"} for name in names},
        "match": [["title"]],
        "fields": rows,
        "conflicts": rng.choice(["newest", "newest", "newest", "ask", "a"]),
    }
    if source:
        doc |= {"creates": {"to": others}, "deletes": {"to": others}}
    if private:
        doc |= {"only": {"a": {"not": {"field": "kind", "is": "private"}}}}
        doc |= {"leaving": rng.choice(["keep-copy", "delete-copy"])}
    if rng.random() < 0.15:
        doc |= {"brakes": {"deletes": 1, "updates": rng.choice([1, 2]), "creates": rng.choice([2, "unlimited"])}}
    places = {name: place(rng) for name in names}
    users = ("a",) if source else tuple(names)
    return Setting(MappingModel.model_validate(doc), places, "title", draw, users, private)


def place(rng: random.Random) -> Place:
    """One app, drawn."""
    delta, guarded = rng.random() < 0.65, rng.random() < 0.65
    caps = Caps(
        delta=_yes(delta),
        tombstones=_yes(delta),
        guarded=_yes(guarded),
        stamped=_yes(rng.random() < 0.65),
        batch=rng.choice([1, 1, 3, 20]),
    )
    habits = Habits(
        upper=rng.random() < 0.12,
        rounds=rng.random() < 0.15,
        minutes=rng.random() < 0.3,
        lags=rng.random() < 0.1,
        reuses=rng.random() < 0.1,
        dated=rng.random() < 0.7,
        versioned=guarded or rng.random() < 0.5,
        pings=rng.random() < 0.4,
    )
    fields = dict(FIELDS)
    if rng.random() < 0.2:
        fields["note"] = replace(fields["note"], max_length=CLIP)
    elif rng.random() < 0.1:
        habits = replace(habits, trims=CLIP)
    return Place(Schema(fields), caps, habits)


CLIP = 16
"""Characters of a text that the shortest app keeps."""


def draw(rng: random.Random, field: Field, number: int) -> Any:
    """A value unlike any other of the history: its number is in it."""
    if field.type == "number":
        return number + rng.choice([0.0, 0.25])
    if field.type == "people":
        return {"email": f"p{number}@example.com", "displayName": rng.choice(["Ann", "Bob"])}
    long = rng.random() < 0.2
    return f"w{number}{' and more of it' if long else ''}"


def _yes(value: bool) -> Support:
    return Support.YES if value else Support.NO
