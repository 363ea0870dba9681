"""A sync opened for work: its mapping bound to live schemas, its connections, its state."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from connectors import App
from engine.apply import Target
from engine.bound import Bound
from engine.canary import Canaries
from engine.canonical import digest, dumps, same
from engine.contract import Field, Schema
from engine.mapping import Brakes, MappingError, check_against
from engine.outset import Outset
from engine.problem import Problem
from engine.rebuild import careful, unseen
from engine.store import put, revise
from engine.store.lease import Lease
from engine.store.tables import sides
from engine.yamlfile import located
from flows.project import Project, ProjectError
from flows.proofs import refused


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
        if stored is None:
            return self.renew_schema(side, None)
        return Schema({name: Field(**item) for name, item in stored["fields"].items()}, stored["zone"])

    def renew_schema(self, side: str, stored: dict[str, Any] | None) -> Schema:
        """Reads the side's schema and stores it where it has changed. Raises AppError."""
        schema = self.connector(side).schema(self.mapping.sides[side].object)
        doc = {"fields": {name: asdict(item) for name, item in schema.fields.items()}, "zone": schema.zone}
        if not same(doc, stored):
            with self.project.store.write() as connection:
                revise(connection, sides, [{"sync": self.sync, "side": side, "schema": doc}])
            self.__dict__.pop("bound", None)
        return schema

    @cached_property
    def bound(self) -> Bound:
        """The mapping bound to the schemas. Raises MappingError where they do not fit, or a row is not safe."""
        known = self.outset().sides
        schemas = {side: self.schema(side, known[side]["schema"]) for side in self.mapping.sides}
        if check_against(self.mapping, schemas):  # the apps may have changed since
            schemas = {side: self.renew_schema(side, known[side]["schema"]) for side in self.mapping.sides}
        if problems := check_against(self.mapping, schemas):
            raise MappingError(problems)
        self._safe(schemas)
        return Bound(self.mapping, schemas)

    def _safe(self, schemas: dict[str, Schema]) -> None:
        unsafe = [] if self.lenient else refused(self.mapping, schemas, self.project.state / "proofs")
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
        """Where this run's snapshots go."""
        return Path(self.project.settings.snapshots) / self.sync / run

    def lease(self, fence: int | None = None, holder: str = "") -> Lease:
        """Takes the sync's lease, or stands in for the holder of a given fence. Raises Busy."""
        store = self.project.store
        if fence is None:
            return Lease.take(store, self.sync, self.clock)
        return Lease(store, self.sync, holder, fence, self.clock)
