"""Random lives of a Google series: whatever is written, the record shows it, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from connectors import connect
from connectors.http import Client
from connectors.oauth import Bearer
from engine.contract import Record
from sandbox import start
from tests.connectors.desk import Desk

MONDAYS = ["2026-03-16", "2026-03-23", "2026-03-30", "2026-04-06", "2026-04-13"]  # summer time begins in between
ZONES = ["Europe/Berlin", "America/Los_Angeles", "UTC", "Asia/Tokyo"]
COPIED = ("summary", "location", "description", "start", "end", "attendees", "transparency", "reminders", "colorId")
Data = dict[str, Any]


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    with start("google_calendar") as running:
        yield {"base_url": running.url, "token": running.token}


class Life:
    """One series, the occurrences it is to have, and the dice."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.zone = self.dice.choice(ZONES)
        self.whole_days = self.dice.random() < 0.3
        self.target: list[Data] = []

    def span(self, day: str, hour: str) -> Data:
        if self.whole_days:
            return {"start": {"date": day}, "end": {"date": f"{day[:8]}{int(day[8:]) + 1:02}"}}
        return {
            name: {"dateTime": f"{day}T{hour}:{minute}:00", "timeZone": self.zone}
            for name, minute in (("start", "00"), ("end", "45"))
        }

    def entry(self, day: str) -> Data:
        entry: Data = {"original_start": day}
        if self.dice.random() < 0.35:
            return entry | {"cancelled": True}
        choices: list[tuple[float, Data]] = [
            (0.5, self.span(f"{day[:8]}07", "11")),
            (0.4, {"summary": self.dice.choice(["X", "Y", None])}),
            (0.3, {"location": self.dice.choice(["L", None])}),
            (0.2, {"transparency": "transparent"}),
            (0.2, {"reminder": self.dice.choice([5, 25])}),
            (0.2, {"attendees": [{"email": "ada@example.org", "responseStatus": "needsAction"}]}),
            (0.1, {"description": "hello"}),
            (0.1, {"color": "3"}),
        ]
        for chance, fields in choices:
            if self.dice.random() < chance:
                entry |= fields
        return entry

    def redraw(self) -> list[Data]:
        self.target = [self.entry(day) for day in MONDAYS if self.dice.random() < 0.5]
        return self.target

    def edit(self, record: Record) -> Data:
        changes: Data = {"summary": self.dice.choice(["S2", "S3", "X"])}
        if self.dice.random() < 0.6:
            changes["occurrences"] = self.redraw()
        else:  # what is there must outlive a change of the series
            self.target = list(record.data["occurrences"])
        if self.dice.random() < 0.3:
            changes["location"] = self.dice.choice(["R2", None])
        if self.dice.random() < 0.3:
            changes |= self.span(MONDAYS[0], self.dice.choice(["06", "18"]))
        return changes

    def wanted(self, record: Record) -> list[Data]:
        """The target without what does not differ from the series."""
        always = {"original_start", "cancelled", "start", "end"}
        sparse = [{k: v for k, v in e.items() if k in always or record.data.get(k) != v} for e in self.target]
        return [entry for entry in sparse if len(entry) > 1]


def copy_exceptions(server: dict[str, str], master: str) -> None:
    """Give each exception copies of all its values, as a server may that does not let exceptions inherit."""
    http = Client(server["base_url"], Bearer(server["token"]))
    events = "calendar/v3/calendars/primary/events"
    listed = http.json("GET", events, params={"iCalUID": f"{master}@google.com"})["items"]
    for event in listed:
        if event.get("recurringEventId") and event["status"] != "cancelled":
            copies = {name: event[name] for name in COPIED if name in event}
            http.json("PATCH", f"{events}/{event['id']}", json=copies, params={"sendUpdates": "none"})


@pytest.mark.parametrize("seed", range(12))
def test_a_series_shows_what_was_written(server: dict[str, str], seed: int) -> None:
    life = Life(seed)
    desk = Desk(connect("google_calendar", server), {"calendar": "primary"})
    base = {"summary": "S", "location": "R", **life.span(MONDAYS[0], "20"), "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=5"]}
    record = desk.create({**base, "occurrences": life.redraw()}, key=f"life-{seed}")
    assert record.data["occurrences"] == life.wanted(record)
    _, cursor = desk.scan()
    for _ in range(3):
        if life.dice.random() < 0.5:
            copy_exceptions(server, record.id)
            copied = desk.again(record)
            assert copied.data == record.data, "copies of the series' own values are no change"
            record = copied
        record = desk.update(record, **life.edit(record))
        assert record.data["occurrences"] == life.wanted(record)
        assert desk.again(record) == record
    seen, _ = desk.changes(cursor)
    assert seen[record.id] == record
    assert desk.scan()[0][record.id] == record
