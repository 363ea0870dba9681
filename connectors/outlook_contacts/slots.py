"""Lists of any length and any labels, in an app that has a few fixed places for them.

An entry goes to the place of its label; where there is none, or no room, to the next free place. What the places cannot
say, the order and such labels, we keep in notes, which hold for as long as the entry is where it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.contract import Invalid

Entry = Mapping[str, Any]
Note = Sequence[Any]
"""`[mark, slot, label]`"""


@dataclass(frozen=True, slots=True)
class Place:
    """An entry in its slot: `slot` is the label that it has by being there, or "". `mark` tells it from the others."""

    mark: str
    slot: str
    entry: Entry
    """Without a label."""


def shown(places: Iterable[Place], notes: Iterable[Note]) -> list[dict[str, Any]]:
    """The entries, in the order and with the labels that were written."""
    left = {(place.mark, place.slot): place for place in places}
    found = []
    for mark, slot, label in notes:
        if place := left.pop((mark, slot), None):
            found.append(_labelled(place.entry, label))
    return [*found, *(_labelled(place.entry, place.slot) for place in left.values())]


def arranged(field: str, entries: Sequence[Entry], slots: Mapping[str, int], now: Sequence[str | None]) -> list[str]:
    """The slot of each entry. `slots`: how many each holds; `now`: where each entry is at present.

    Raises Invalid for more entries than there are places.
    """
    room, chosen = dict(slots), dict[int, str]()

    def take(number: int, slot: str | None) -> None:
        if number not in chosen and slot is not None and room.get(slot):
            room[slot] -= 1
            chosen[number] = slot

    for wish in ([entry.get("label") for entry in entries], now):
        for number, slot in enumerate(wish):
            take(number, slot)
    for number in range(len(entries)):
        take(number, next((slot for slot, free in room.items() if free), None))
    if len(chosen) < len(entries):
        places = ", ".join(f"{count} {slot}".strip() for slot, count in slots.items())
        raise Invalid(
            f"Outlook has places for {places}: {len(entries)} {field} do not fit. Remove some, or change what the "
            "mapping sends.",
            field=field,
        )
    return [chosen[number] for number in range(len(entries))]


def notes_for(entries: Sequence[Entry], places: Sequence[Place], order: Sequence[str]) -> list[list[Any]]:
    """What makes `shown` give these entries, each in its place; nothing where the places say it all.

    `order`: that of the slots when they are read.
    """
    ranks = [order.index(place.slot) for place in places]
    labels = [entry.get("label") or "" for entry in entries]
    if ranks == sorted(ranks) and labels == [place.slot for place in places]:
        return []
    return [[place.mark, place.slot, label] for place, label in zip(places, labels, strict=True)]


def _labelled(entry: Entry, label: str) -> dict[str, Any]:
    return {**entry, "label": label} if label else dict(entry)
