"""A project with one sync over running servers, and what is to be true of it after every run."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

import connectors
from engine import accounting
from engine.holds import listed
from engine.store.tables import changes
from flows import direct
from flows.project import Project
from flows.session import Session
from tests.system.people import Dav, Google, Outlook

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
APPS = {"google": "google_calendar", "outlook": "outlook_calendar", "caldav": "caldav"}


@dataclass
class World:
    """`google`, `outlook` and `caldav` are people; those of `sides` are kept the same by the sync `it`."""

    root: Path
    sides: tuple[str, ...]
    google: Google
    outlook: Outlook
    caldav: Dav
    settings: dict[str, dict[str, str]]
    calendar: str
    zone: str = "UTC"
    now: datetime = NOW
    project: Project = field(init=False)
    apps: dict[str, Any] = field(init=False)
    session: Session = field(init=False)

    def __post_init__(self) -> None:
        for folder in ("mappings", "deployments"):
            (self.root / folder).mkdir(parents=True)
        places = "\n".join(f"  {side}: {self._place(side)}" for side in self.sides)
        text = f"sync: it\nmapping: {'-'.join(self.sides)}-meetings\nsides:\n{places}\n"
        (self.root / "deployments" / "it.yaml").write_text(text)
        self.project = Project.at(self.root)
        self.apps = {side: self._connect(side) for side in self.sides}
        self.session = Session(self.project, "it", lambda: self.now, self.apps)

    def _place(self, side: str) -> str:
        scope = f", scope: {{calendar: {self.calendar}}}" if side == "caldav" else ""
        return f"{{connection: {side}{scope}, zone: {self.zone}}}"

    def _connect(self, side: str) -> Any:
        plain = httpx.HTTPTransport(verify=False)  # loopback: certificates would take longer to load than the test
        return connectors.connect(APPS[side], self.settings[side], transport=plain)

    # --- runs -----------------------------------------------------------------------------------------------------

    def run(self, *, broken: Collection[str] = (), **options: Any) -> Any:
        """One run, a minute after the one before. It mails nobody, and only broken sides fail."""
        self.now += timedelta(minutes=1)
        before = self.mail()
        report = direct.run(self.project, "it", session=self.session, **options)
        assert self.mail() == before, "a run made an app send mail"
        assert set(report.errors) == set(broken), report.errors
        return report

    def settle(self, holds: int = 0) -> Any:
        """A run that leaves nothing to do: the next one writes nothing, and every record is accounted for."""
        report = self.run()
        assert report.failed == 0, accounting.explain(self.project.store, "it", "failed")
        assert report.holds == holds, [hold["reason"] for hold in self.holds()]
        again = self.run()
        assert told(again) == 0, (again.writes, self.last_writes())
        if not holds:
            for side, records in self.status().items():
                assert records["in_sync"] == records["total"], (side, records)
        return report

    def status(self) -> dict[str, dict[str, int]]:
        """Records per side and state; the states add up to the total."""
        found = accounting.status(self.project.store, "it")
        for side, counts in found.items():
            records = counts["records"]
            assert sum(records[state] for state in accounting.STATES) == records["total"], (side, records)
            assert records["total"] == len(getattr(self, side).shows()), side
        return {side: counts["records"] for side, counts in found.items()}

    def holds(self) -> list[dict[str, Any]]:
        return listed(self.project.store, "it")

    def writes(self) -> list[dict[str, Any]]:
        """Everything that was ever planned: rows of the journal."""
        return self.project.store.all(changes)

    def last_writes(self) -> list[Any]:
        """For the reader of a failed test."""
        names = ("side", "op", "state", "data", "before", "why")
        return [{name: row[name] for name in names} for row in self.writes()[-3:]]

    def mail(self) -> int:
        return int(self.google.control.log()["mail"] + self.outlook.control.log()["mail"])

    # --- what people see ------------------------------------------------------------------------------------------

    def shows(self, side: str) -> list[str]:
        """All occurrences from 2005 to 2030 in order, as `start/end title`, instants in UTC."""
        found = getattr(self, side).shows()
        return [str(one) for one in sorted(one for meeting in found.values() for one in meeting)]

    def shows_behind_faults(self, side: str) -> list[str]:
        """The same once an app's faults are over."""
        getattr(self, side).control.calm()
        return self.shows(side)

    def alike(self) -> list[str]:
        """What all sides show; they must not differ."""
        first, *others = self.sides
        expected = self.shows(first)
        for side in others:
            found = self.shows(side)
            assert found == expected, f"{side} differs from {first}"
        return expected

    def close(self) -> None:
        self.project.close()


def told(report: Any) -> int:
    """Writes of a run, over all sides."""
    return sum(sum(ops.values()) for ops in report.writes.values())
