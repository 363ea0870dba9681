"""A rest: runs without faults until nothing is left to do, and what is wrong then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks import shown
from benchmarks.rounds.done import Done
from benchmarks.rounds.ledger import Ledger, tokens_of
from benchmarks.rounds.project import Synced
from benchmarks.rounds.servers import USER, Servers

PATIENCE = 8
"""Runs within which everything must have come to rest."""


@dataclass(frozen=True)
class Rest:
    """Everybody pauses: no edits, no faults, no kills."""

    servers: Servers
    synced: Synced
    ledger: Ledger
    done: Done
    tell: Callable[[str], None]

    def wrong(self) -> list[str]:
        """Runs without faults until nothing is left to do, and then what is wrong."""
        for _ in range(PATIENCE):
            report = self._run()
            if report["errors"]:
                return [f"a run without faults failed: {report['errors']}"]
            if not written(report) and not self._answer() and not self._pending():
                break
        else:
            return [f"no rest: {brief(report)}, {self.synced.status()}, {self.synced.holds()}"]
        self.done.add(*self.servers.tally())
        report = self._run()
        writes, mail = self.servers.tally()
        found = [f"an idle run wrote: {brief(report)}"] * bool(writes or written(report))
        found += [f"{self.done.mail + mail} mails were sent"] * bool(self.done.mail + mail)
        return found + self._waiting() + self._accounts() + self._views()

    def _run(self) -> dict[str, Any]:
        report = self.synced.begin().end()
        assert report is not None
        self.tell(f"  rest: {brief(report)}")
        return report

    def _answer(self) -> int:
        """Lets go what a brake stopped: a person sees that all of it was meant."""
        brakes = [hold for hold in self.synced.holds() if hold["kind"] == "brake"]
        for hold in brakes:
            self.tell(f"  a person releases: {hold['reason']}")
            self.synced.release(hold["id"])
        self.done.released += len(brakes)
        return len(brakes)

    def _pending(self) -> int:
        return sum(records["pending"] + records["failed"] for records in self.synced.status().values())

    def _waiting(self) -> list[str]:
        return [f"hold: {hold['kind']}: {hold['reason']}" for hold in self.synced.holds()]

    def _accounts(self) -> list[str]:
        found = []
        for side, records in self.synced.status().items():
            states = sum(count for state, count in records.items() if state != "total")
            there = len(self.servers.users[side].look())
            if not states == records["total"] == records["in_sync"] == there:
                found.append(f"accounting: {side} shows {there} meetings, and status says {records}")
        return found

    def _views(self) -> list[str]:
        """Each token where it belongs, and the same occurrences on all sides by an independent reading."""
        views = {side: user.look() for side, user in self.servers.users.items()}
        ledger = self.ledger
        lost = tokens_of(self.synced.gave_way(), {said.token for said in ledger.said})
        self.done.lost_to_conflicts = sum(said.token in lost and not said.gone for said in ledger.said)
        found = ledger.wrong(views, lost)
        servers = self.servers
        calendars = {
            "google": shown.google(servers.google.url, servers.google.token),
            "outlook": shown.outlook(servers.outlook.url, servers.outlook.token),
            "caldav": shown.caldav(f"{servers.radicale.url}/{USER[0]}/calendar/", USER),
        }
        flat = {side: sorted(str(one) for each in view.values() for one in each) for side, view in calendars.items()}
        for side in ("outlook", "caldav"):
            odd = sorted(set(flat["google"]) ^ set(flat[side]))
            found += [f"divergence: google and {side} show different occurrences: {odd[:6]}"] * bool(odd)
        return found


def written(report: dict[str, Any]) -> int:
    """Writes of a run, over all sides."""
    return sum(sum(ops.values()) for ops in report["writes"].values())


def brief(report: dict[str, Any]) -> str:
    """A run in one line."""
    return f"{report['status']} read {report['read']} writes {report['writes']} errors {report['errors']}"
