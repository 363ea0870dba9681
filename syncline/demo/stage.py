"""What the story plays on: the project, the three people, and the teller."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from engine.accounting import explain, status
from engine.holds import answer, listed
from flows import direct
from flows.project import Project
from flows.view import hold_view
from syncline.demo import teller
from syncline.demo.dav import Dav
from syncline.demo.people import Google, Outlook, Person
from syncline.demo.teller import Teller
from syncline.tables import WAITING, holds_table, records_table, run_table, status_table

SYNC = "demo"
Doc = dict[str, Any]


@dataclass
class Stage:
    """`ids`: title at the start -> side -> the id that the app gave the meeting."""

    project: Project
    google: Google
    outlook: Outlook
    caldav: Dav
    teller: Teller
    monday: date
    ids: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def people(self) -> tuple[Person, ...]:
        return (self.google, self.outlook, self.caldav)

    def day(self, after: int, at: str = "") -> str:
        """So many days after the story's Monday; a moment where there is a time of day."""
        return f"{self.monday + timedelta(days=after)} {at}".strip()

    def run(self, name: str = "run") -> Doc:
        """A whole run; a side that could not be read or written ends the story."""
        report = direct.run(self.project, SYNC).as_json()
        self.teller.tell(f"$ syncline run {SYNC} --direct")
        self.teller.show(name, report, run_table)
        self.teller.expect("no app refused to be read or written", report["errors"], {})
        return report

    def status(self) -> dict[str, dict[str, int]]:
        """Side -> state -> records; shown, and checked to add up."""
        found = status(self.project.store, SYNC)
        self.teller.tell(f"$ syncline status {SYNC}")
        self.teller.show("status", found, lambda counts: status_table({SYNC: counts}))
        return {side: found[side]["records"] for side in found}

    def waiting(self) -> list[Doc]:
        """Every open hold."""
        return [hold_view(row) for row in listed(self.project.store, SYNC)]

    def holds(self, former: list[Doc]) -> list[Doc]:
        """What waits for a person that did not wait before; shown."""
        self.teller.tell(f"$ syncline holds {SYNC}")
        known = {hold["hold"] for hold in former}
        found = [hold for hold in self.waiting() if hold["hold"] not in known]
        self.teller.show("holds", found, holds_table)
        return found

    def unsettled(self) -> None:
        """Why records are not in sync, with one record for each reason; shown if there are any."""
        for state in WAITING:
            found = {row["reason"]: {"sync": SYNC, **row} for row in explain(self.project.store, SYNC, state)}
            if found:
                self.teller.tell(f"$ syncline status {SYNC} --explain {state}")
                self.teller.show(state, list(found.values()), records_table)

    def answer(self, hold: Doc, words: str, said: Doc) -> None:
        """What `syncline resolve` does."""
        self.teller.tell(f"$ syncline resolve {hold['hold']} {words}")
        answer(self.project.store, hold["hold"], said, datetime.now(UTC).isoformat())

    def see(self, title: str, name: str = "meeting") -> dict[str, Doc | None]:
        """Side -> what its app shows of a meeting; shown."""
        seen = {person.side: person.see(self.ids[title][person.side]) for person in self.people}
        found = {side: asdict(one) if one else None for side, one in seen.items()}
        gone = {"title": "(not there)"}
        self.teller.show(name, found, lambda rows: teller.sides({side: row or gone for side, row in rows.items()}))
        return found

    def starts(self, title: str, name: str = "series") -> dict[str, list[str]]:
        """Side -> when the first four weeks' occurrences of a series begin; shown."""
        days = (self.day(0), self.day(28))
        found = {person.side: person.starts(self.ids[title][person.side], days) for person in self.people}
        self.teller.show(
            name, found, lambda rows: teller.sides({side: _weekly(starts) for side, starts in rows.items()})
        )
        return found

    def counts(self) -> dict[str, int]:
        """Side -> how many meetings its app lists."""
        return {person.side: len(person.meetings()) for person in self.people}

    def everywhere(self, found: Any) -> dict[str, Any]:
        """The same on each side."""
        return {person.side: found for person in self.people}

    def meet(self, *titles: str) -> None:
        """Finds meetings by their titles, to know them later when the title has changed."""
        for person in self.people:
            for id, title in person.meetings().items():
                if title in titles:
                    self.ids.setdefault(title, {})[person.side] = id

    def close(self) -> None:
        """Gives back what was opened."""
        for person in self.people:
            person.close()
        self.project.close()


def _weekly(starts: list[str]) -> dict[str, str]:
    return {f"occurrence {number}": start for number, start in enumerate(starts, 1)}


def next_monday(today: date) -> date:
    """A week ahead or more, so that nothing of the story is over."""
    ahead = today + timedelta(days=7)
    return ahead + timedelta(days=-ahead.weekday() % 7)


def writes(report: Doc) -> Iterator[int]:
    """All its counts of writes."""
    for counts in report["writes"].values():
        yield from counts.values()
