"""A sync opened for work: its mapping bound to live schemas, its connections, its state."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from connectors import App
from engine import resting
from engine.apply import Target
from engine.bound import Bound
from engine.canary import Canaries
from engine.canonical import digest, dumps, same
from engine.contract import AppError, Schema
from engine.drift import Drift, drifts, lenient, renewed, schema_of
from engine.mapping import Brakes, MappingError, check_against
from engine.outset import Outset
from engine.problem import Problem
from engine.rebuild import careful, unseen
from engine.store import put, revise
from engine.store.lease import Lease
from engine.store.tables import sides
from engine.yamlfile import located
from flows.place import folder
from flows.project import Project, ProjectError
from flows.proofs import refused

AGE = timedelta(hours=6)
"""A schema is read again after so long: an app may have changed its fields."""
SOON = timedelta(seconds=50)
"""The same where something rests because of it: in every run."""


def utc_now() -> datetime:
    """The only clock of a run."""
    return datetime.now(UTC)


@dataclass
class Session:
    """What the steps of a run share. Each task opens its own: connectors are for one thread at a time."""

    project: Project
    sync: str
    clock: Callable[[], datetime] = utc_now
    connectors: dict[str, App] = field(default_factory=dict)
    lenient: bool = False
    """It only takes back what was done: a mapping that is not safe to sync with is good enough for that."""
    drifts: list[Drift] = field(default_factory=list)
    """What apps have changed about fields that the mapping uses, once `bound` is known."""
    returning: list[dict[str, Any]] = field(default_factory=list)
    """The holds of rows that may go to work again, once every side has been read anew."""

    @cached_property
    def deployment(self) -> Any:
        return self.project.deployment(self.sync)

    @cached_property
    def mapping(self) -> Any:
        """The mapping, with this sync's scopes and zones. Raises MappingError."""
        mapping = self.project.mapping(self.deployment.mapping)
        problems = self.deployment.check_sides(mapping)
        if problems:
            raise MappingError(problems)
        return mapping.model_copy(
            update={"sides": {name: self.deployment.side(mapping, name) for name in mapping.sides}}
        )

    @property
    def brakes(self) -> Brakes:
        found: Brakes = self.deployment.limits(self.mapping)
        return careful(found) if unseen(self.project.store, self.sync) else found

    @property
    def canaries(self) -> Canaries:
        """The records that must always be there."""
        return Canaries(self.bound, self.deployment.canaries)

    @property
    def now(self) -> str:
        return self.clock().isoformat()

    def connector(self, side: str) -> App:
        """The side's connector, made when first needed. Raises ProjectError, Refused."""
        if side not in self.connectors:
            self.connectors[side] = self.project.connector(self.deployment.sides[side].connection)
        return self.connectors[side]

    def target(self, side: str) -> Target:
        at = self.mapping.sides[side]
        return Target(side, at.object, dict(at.scope), self.connector(side))

    def outset(self) -> Outset:
        """The state before the sides are read; a side that is new gets its row. Raises MappingError."""
        store = self.project.store
        with store.read() as connection:
            found = Outset.look(connection, self.sync)
        places = {side: self._container(side) for side in self.mapping.sides}
        for side, row in found.sides.items():
            if side in places and row["container"] != places[side]:
                raise MappingError.single(
                    f"{self.project.deployment_file(self.sync)}: side '{side}' is now another place ({places[side]}) "
                    f"than the one its records were linked in ({row['container']}). Make a new sync for the new "
                    "place: syncline new ..."
                )
        fresh = [
            {"sync": self.sync, "side": side, "container": place}
            for side, place in places.items()
            if side not in found.sides
        ]
        if not fresh:
            return found
        with store.write() as connection:
            put(connection, sides, fresh, replace=False)
        return self.outset()

    def _container(self, side: str) -> str:
        at = self.mapping.sides[side]
        return dumps([self.deployment.sides[side].connection, at.object, dict(at.scope)])

    def schema(self, side: str, stored: dict[str, Any] | None) -> Schema:
        """The side's schema as it is stored, or, where it is not, as the app has it now. Raises AppError."""
        return schema_of(stored if stored is not None else self.renew_schema(side, None))

    def renew_schema(self, side: str, stored: dict[str, Any] | None) -> dict[str, Any]:
        """Reads the side's schema and stores it; the document, see engine/drift.py. Raises AppError."""
        schema = self.connector(side).schema(self.mapping.sides[side].object)
        doc = renewed(stored, schema, self.now)
        changed = not same({**doc, "at": None}, {**(stored or {}), "at": None})
        if changed or self._aged(stored, AGE):
            self.store_schema(side, doc)
        if changed:
            self.__dict__.pop("bound", None)
        return doc

    def store_schema(self, side: str, doc: dict[str, Any]) -> None:
        """Stores what is known of a side's schema."""
        with self.project.store.write() as connection:
            revise(connection, sides, [{"sync": self.sync, "side": side, "schema": doc}])

    def doubt_schema(self, side: str) -> None:
        """The side has refused a value: the next run looks whether its fields are still what they were."""
        stored = self.outset().sides[side]["schema"]
        if stored and stored.get("at"):
            self.store_schema(side, {**stored, "at": None})

    def _aged(self, stored: dict[str, Any] | None, most: timedelta) -> bool:
        at = (stored or {}).get("at")
        return at is None or self.clock() - datetime.fromisoformat(at) >= most

    def _schemas(self) -> dict[str, dict[str, Any]]:
        """The schemas as documents, read anew where they are old, in doubt, or something rests because of them."""
        stored = {side: self.outset().sides[side]["schema"] for side in self.mapping.sides}
        docs = {side: doc if doc is not None else self.renew_schema(side, None) for side, doc in stored.items()}
        unfit = {one.side for one in drifts(self.mapping, docs)}
        for side, doc in docs.items():
            if stored[side] is not None and self._aged(doc, SOON if side in unfit else AGE):
                with suppress(AppError):  # what is known of it has to do
                    docs[side] = self.renew_schema(side, doc)
        return docs

    @cached_property
    def bound(self) -> Bound:
        """The mapping bound to the schemas. Raises MappingError where they do not fit, or a row is not safe."""
        docs = self._schemas()
        if self._misfits(docs):  # the apps may have changed since
            docs = {side: self.renew_schema(side, doc) for side, doc in docs.items()}
        if problems := self._misfits(docs):
            raise MappingError(problems)
        return self.bind(docs)

    def bind(self, docs: dict[str, dict[str, Any]], awake: str | None = None) -> Bound:
        """The mapping on these schemas, without the rows that rest, but for one. Raises MappingError."""
        self.drifts = drifts(self.mapping, docs)
        with self.project.store.read() as connection:
            holds = resting.asked(connection, self.sync)
        self.returning = resting.back(holds, self.drifts)
        rows = {one.rests for one in self.drifts if one.rests} | {hold["row"] for hold in self.returning if hold["row"]}
        asleep = {row for row in rows if row in self.mapping.fields and row != awake}
        free = {tuple(hold["detail"]["about"]) for hold in holds if resting.released(hold)}
        needs = {one.side: one.reason for one in self.drifts if not one.row and one.about not in free}
        new = {(one.side, one.field, one.value) for drift in self.drifts for one in drift.choices}
        known = {side: [(field, value) for at, field, value in sorted(new) if at == side] for side in docs}
        self._safe({side: lenient(doc, known[side]) for side, doc in docs.items()}, asleep)
        return Bound(self.mapping, {side: schema_of(doc) for side, doc in docs.items()}, asleep, needs)

    def _misfits(self, docs: dict[str, dict[str, Any]]) -> list[Problem]:
        """What does not fit, and is no change that lets a row rest."""
        rows = {one.rests for one in drifts(self.mapping, docs)}
        found = check_against(self.mapping, {side: schema_of(doc) for side, doc in docs.items()})
        return [one for one in found if not (one.path[:1] == ("fields",) and one.path[1] in rows)]

    def _safe(self, schemas: dict[str, Schema], asleep: set[str]) -> None:
        rows = {name: row for name, row in self.mapping.fields.items() if name not in asleep}
        awake = self.mapping.model_copy(update={"fields": rows}) if asleep else self.mapping
        unsafe = [] if self.lenient else refused(awake, schemas, self.project.state / "proofs")
        if unsafe:
            problems = [Problem(text, tuple(path)) for text, path in unsafe]
            with suppress(ProjectError):  # a rehearsal has no files
                problems = located(self.project.mapping_file(self.deployment.mapping), problems)
            next_ = f"Nothing was read or written. To see all of it: syncline check {self.sync}"
            raise MappingError([*problems, Problem(next_)])

    @cached_property
    def fingerprint(self) -> tuple[dict[str, Any], str]:
        """The mapping as a document, and its digest."""
        doc: dict[str, Any] = self.mapping.model_dump(mode="json", by_alias=True)
        return doc, digest(doc)

    def snapshots(self, run: str) -> Path:
        """Where this run's snapshots go. Raises SnapshotError."""
        return folder(self.project.settings.snapshots, self.sync, run)

    def lease(self, fence: int | None = None, holder: str = "") -> Lease:
        """Takes the sync's lease, or stands in for the holder of a given fence. Raises Busy."""
        store = self.project.store
        if fence is None:
            return Lease.take(store, self.sync, self.clock)
        return Lease(store, self.sync, holder, fence, self.clock)
