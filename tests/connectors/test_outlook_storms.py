"""Random series, random writes, a server that fails anywhere: what is shown is always old, new or unread.

Between a write that broke off and its repetition no occurrence may show something that nobody wrote, or a sync would
take it for somebody's edit. Afterwards everything is as written, and no event is left over.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from engine.contract import Done, Failed, Op, Record, Stale, Transient, Write
from tests.connectors.outlook import Office, office, sample, timed, weekly

__all__ = ["office"]

DAYS = [(date(2026, 11, 2) + timedelta(weeks=n)).isoformat() for n in range(1, 6)]
Entry = dict[str, Any]


def entry(dice: Random, day: str) -> Entry:
    """Cancelled, moved (perhaps past its neighbours), renamed, with people of its own, or several of these."""
    own: Entry = {"original_start": day}
    if dice.random() < 0.3:
        return own | {"cancelled": True}
    if dice.random() < 0.6:
        to = date.fromisoformat(day) + timedelta(days=dice.choice([-9, -7, -3, 0, 2, 6, 7, 8, 15]))
        hour = dice.choice([11, 15])
        own |= {"start": timed(to.isoformat(), f"{hour}:00"), "end": timed(to.isoformat(), f"{hour}:30")}
    if dice.random() < 0.2:
        own["attendees"] = [{"email": "ada@example.org"}]
    return own | {"subject": dice.choice("XYZ")} if len(own) == 1 or dice.random() < 0.4 else own


def edit(dice: Random, before: list[Entry]) -> tuple[Entry, list[Entry]]:
    """The fields to write, and the occurrences there will be. What is cancelled stays so: Outlook knows no way back."""
    after = [each if each.get("cancelled") else entry(dice, each["original_start"]) for each in before]
    known = {each["original_start"] for each in before}
    after += [entry(dice, day) for day in DAYS if day not in known and dice.random() < 0.4]
    after = [each for each in after if each.get("cancelled") or dice.random() < 0.8]
    after = sorted(after, key=lambda each: str(each["original_start"]))
    data: Entry = {"occurrences": after}
    if dice.random() < 0.3:
        data["subject"] = f"Standup {dice.randrange(9)}"
    if dice.random() < 0.3:
        hour = dice.choice(["08", "09", "13"])
        data |= {"start": timed("2026-11-02", f"{hour}:00"), "end": timed("2026-11-02", f"{hour}:45")}
    if dice.random() < 0.2:
        return data | {"occurrences": before}, before
    return data, after


def hurt(dice: Random, office: Office) -> None:
    kind, method = dice.choice(["500", "drop_after_commit"]), dice.choice(["POST", "PATCH", "DELETE", "GET"])
    path = dice.choice(["", "/events", "/me/", "instances", "batch"])
    office.control.fault(kind, times=dice.choice([1, 2, 8, 30]), method=method, path=path)


def insist(office: Office, record: Record, data: Entry, before: list[Entry]) -> Record:
    """Write until it is done, looking at what is shown in between."""
    number = 0
    while True:
        write = Write(op=Op.UPDATE, key=f"u{number}", id=record.id, if_version=record.version, data=data)
        outcome = office.desk.one(write)
        office.control.calm()
        if isinstance(outcome, Done):
            return outcome.record
        assert isinstance(outcome, Failed) and isinstance(outcome.error, Transient | Stale), outcome
        record, number = office.desk.again(record), number + 1
        assert number < 4
        for each in record.data.get("occurrences", ()):
            assert each in before or each in data["occurrences"], "somebody's edit, by all appearances"


@pytest.mark.parametrize("seed", range(6))
def test_a_storm_leaves_nothing_behind(office: Office, seed: int) -> None:
    dice = Random(seed)
    for number in range(5):
        entries = [entry(dice, day) for day in DAYS if dice.random() < 0.5]
        record = office.desk.create(sample(recurrence=weekly(6), occurrences=entries), key=f"k{number}")
        assert record.data["occurrences"] == entries
        for _ in range(4):
            data, after = edit(dice, entries)
            if dice.random() < 0.5:
                hurt(dice, office)
            record = insist(office, record, data, entries)
            assert record.data["occurrences"] == after
            assert all(record.data[name] == value for name, value in data.items())
            assert office.desk.scan()[0] == {record.id: record}
            entries = after
        office.desk.delete(record)
        assert office.outlook.events() == []
