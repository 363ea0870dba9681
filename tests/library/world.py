"""A project with one sync by a mapping of the library, over running servers, and what must be true after every run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import sandbox
from connectors import connect
from engine import accounting
from engine.examples import failures
from engine.holds import listed
from flows import direct
from flows.project import Project
from flows.session import Session
from tests.library.cases import Case
from tests.library.hands import Hand


class World:
    """`places`: side -> settings of the connection, `scopes`: side -> scope of the sync there.

    Further `mappings` are those of syncs of the same connections, which run after the first. Clocks stand still between
    runs.
    """

    def __init__(
        self,
        root: Path,
        mappings: Sequence[str],
        case: Case,
        places: Mapping[str, Mapping[str, str]],
        scopes: Mapping[str, Any],
    ) -> None:
        for folder in ("mappings", "deployments"):
            (root / folder).mkdir(parents=True)
        mapping, *along = mappings
        self.syncs = {"it": mapping, **{f"along-{name}": name for name in along}}
        sides = {side: {"connection": side, "scope": scopes.get(side, {})} for side in case.sides}
        for sync, name in self.syncs.items():
            text = json.dumps({"sync": sync, "mapping": name, "sides": sides})
            (root / "deployments" / f"{sync}.yaml").write_text(text)
        self.project = Project.at(root)
        self.mapping = self.project.mapping(mapping)
        self.case, self.places, self.scopes = case, places, scopes
        self.hands: dict[str, Hand] = {side: at.hand(places[side], at.path) for side, at in case.sides.items()}
        self.now = datetime(2026, 11, 23, 12, tzinfo=UTC)
        self.wait(0)

    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        for side in self.places:
            self.control(side, "now", {"now": self.now.isoformat()})

    def run(self, *, full: bool = False) -> int:
        """A run five minutes later: its writes. Nobody gets mail of it, and every record is in one state."""
        self.wait(300)
        before = self.mail()
        wrote = sum(self._run(sync, full) for sync in self.syncs)
        assert self.mail() == before, "a run made an app send mail"
        return wrote

    def _run(self, sync: str, full: bool) -> int:
        session = Session(self.project, sync, lambda: self.now, self.apps())
        report = direct.run(self.project, sync, full=full, session=session)
        assert not report.errors, report.errors
        assert report.failed == 0, accounting.explain(self.project.store, sync, "failed")
        assert accounting.faults(self.project.store, sync) == []
        return sum(sum(ops.values()) for ops in report.writes.values())

    def settle(self) -> int:
        """A run after which nothing is left to do: all records are in sync, and the next run writes nothing."""
        wrote = self.run()
        assert [hold["reason"] for hold in listed(self.project.store, "it")] == []
        assert self.run() == 0
        for side, counts in accounting.status(self.project.store, "it").items():
            records = counts["records"]
            assert sum(records[state] for state in accounting.STATES) == records["total"], (side, records)
            assert records["in_sync"] == records["total"] == len(self.shows(side)), (side, records)
        return wrote

    def examples(self) -> list[str]:
        """What of the mapping's examples goes wrong with the fields that the accounts have."""
        schemas = {side: app.schema(self.mapping.sides[side].object) for side, app in self.apps().items()}
        return failures(self.mapping, schemas)

    def names(self) -> set[str]:
        """Of the records, which are the same on all sides."""
        first, *others = (set(self.shows(side)) for side in self.places)
        assert all(names == first for names in others), [first, *others]
        return first

    def close(self) -> None:
        for hand in self.hands.values():
            hand.close()
        self.project.close()

    def shows(self, side: str) -> dict[str, dict[str, Any]]:
        """Native fields by the name of the record."""
        place, name = self.mapping.sides[side], self.case.sides[side].name
        scope = {**place.scope, **self.scopes.get(side, {})}
        pages = self.apps()[side].scan(place.object, scope)
        found = [record.data for page in pages for record in page.records if not record.gone]
        shown = {str(data[name]): data for data in found}
        assert len(shown) == len(found), f"a record is there twice on {side}: {sorted(data[name] for data in found)}"
        return shown

    def apps(self) -> dict[str, Any]:
        return {
            side: connect(self.mapping.sides[side].app, self.places[side], sleep=lambda _: None) for side in self.places
        }

    def mail(self) -> int:
        return sum(int((self.control(side, "log") or {"mail": 0})["mail"]) for side in self.places)

    def control(self, side: str, name: str, body: Any = None) -> Any:
        """A stand-in's control plane; None where the server is a real one."""
        if self.mapping.sides[side].app not in sandbox.APPS:
            return None
        url = self.places[side]["base_url"]
        data = None if body is None else json.dumps(body).encode()
        asked = Request(f"{url}/_control/{name}", data, {"Content-Type": "application/json"})
        with urlopen(asked) as reply:
            return json.loads(reply.read() or b"null")
