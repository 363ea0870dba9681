"""What a record shows while a write in several requests is half done, because it broke off or is still under way.

What the write itself has changed so far shows as it was before: nobody takes it for somebody's edit, and the write
stays due until it is repeated, which completes it. What somebody else changed meanwhile shows as it is, so that no edit
is overlooked for as long as the write is not completed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.outlook_calendar import wire

Entry = Mapping[str, Any]
DAY = "original_start"
_ASIDE = {DAY, "attendees"}
"""Not compared: people of occurrences are kept in our notes, where nobody else changes them."""


def broken(fields: Sequence[str], shown: Mapping[str, Any], goal: Mapping[str, Any]) -> dict[str, Any]:
    """The note on a write that begins: its fields, as they show before it, and as they are to be."""
    was = {name: shown[name] for name in fields if name in shown}
    return {"fields": list(fields), "was": was, "goal": {name: goal[name] for name in fields}}


def meanwhile(actual: Mapping[str, Any], note: Mapping[str, Any] | None) -> dict[str, Any]:
    """The fields to show. Those of which it is not known what they were (a create's) are left out: they are unread."""
    if not note:
        return dict(actual)
    fields, was, goal = note.get("fields") or (), note.get("was") or {}, note.get("goal") or {}
    shown: dict[str, Any] = {}
    for name, value in actual.items():
        if name not in fields:
            shown[name] = value
        elif name == "occurrences" and name in was:
            shown[name] = _entries(value, was, goal, was)
        elif name in was:
            shown[name] = was[name] if wire.same(name, value, goal[name]) else value
    return shown


def aimed(actual: Sequence[Entry], note: Mapping[str, Any] | None) -> Sequence[Entry]:
    """The occurrences that a completed write would leave, with what somebody else changed meanwhile."""
    if not note or "occurrences" not in (note.get("goal") or {}):
        return actual
    return _entries(actual, note.get("was") or {}, note["goal"], note["goal"])


def _entries(
    actual: Sequence[Entry], was: Mapping[str, Any], goal: Mapping[str, Any], ours: Mapping[str, Any]
) -> list[Entry]:
    """By day what is there, or (`ours`, one of `was` and `goal`) what stands for all that is the write's own doing.

    A day with nothing of its own is the write's doing too: Outlook forgets all of them when the series is moved.
    """
    there, before, after = (
        {entry[DAY]: entry for entry in entries or ()}
        for entries in (actual, was.get("occurrences"), goal.get("occurrences"))
    )
    chosen = {entry[DAY]: entry for entry in ours.get("occurrences") or ()}
    for day, entry in there.items():
        own = {name: value for name, value in entry.items() if name not in was or not wire.same(name, value, was[name])}
        if set(own) - _ASIDE and not any(_alike(own, known.get(day)) for known in (before, after)):
            chosen[day] = entry
    return [chosen[day] for day in sorted(chosen)]


def _alike(one: Entry, other: Entry | None) -> bool:
    names = {*one, *(other or ())} - _ASIDE
    return all(wire.same(name, one.get(name), (other or {}).get(name)) for name in names)
