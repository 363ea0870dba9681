"""A sync opened for work: its mapping bound to live schemas, its connections, its state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update

from connectors import App
from engine.apply import Target
from engine.bound import Bound
from engine.canonical import digest, dumps
from engine.contract import Field, Schema
from engine.mapping import Brakes, MappingError, check_against
from engine.store import put
from engine.store.lease import Lease
from engine.store.tables import mappings, sides
from flows.project import Project


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
        return found

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

    def state(self, side: str) -> dict[str, Any]:
        """The side's row: cursor, account, schema; made when the side is new or its place has changed."""
        store, at = self.project.store, self.mapping.sides[side]
        connection = self.deployment.sides[side].connection
        container = dumps([connection, at.object, dict(at.scope)])
        rows = store.all(sides, sides.c.sync == self.sync, sides.c.side == side)
        if rows and rows[0]["container"] == container:
            return rows[0]
        if rows:
            raise MappingError.single(
                f"{self.project.deployment_file(self.sync)}: side '{side}' is now another place ({container}) than "
                f"the one its records were linked in ({rows[0]['container']}). Make a new sync for the new place: "
                "syncline new ..."
            )
        row = {"sync": self.sync, "side": side, "container": container}
        with store.write() as writing:
            put(writing, sides, [row])
        return store.all(sides, sides.c.sync == self.sync, sides.c.side == side)[0]

    def schema(self, side: str, *, live: bool = False) -> Schema:
        """The side's schema as last read, or read now. Raises AppError."""
        state = self.state(side)
        if state["schema"] is not None and not live:
            fields = {name: Field(**item) for name, item in state["schema"]["fields"].items()}
            return Schema(fields, state["schema"]["zone"])
        schema = self.connector(side).schema(self.mapping.sides[side].object)
        doc = {"fields": {name: asdict(item) for name, item in schema.fields.items()}, "zone": schema.zone}
        with self.project.store.write() as writing:
            where = (sides.c.sync == self.sync, sides.c.side == side)
            writing.execute(update(sides).where(*where).values(schema=doc))
        return schema

    @cached_property
    def bound(self) -> Bound:
        """The mapping bound to the schemas. Raises MappingError where they do not fit."""
        schemas = {side: self.schema(side) for side in self.mapping.sides}
        problems = check_against(self.mapping, schemas)
        if problems:
            raise MappingError(problems)
        return Bound(self.mapping, schemas)

    @property
    def fingerprint(self) -> tuple[dict[str, Any], str]:
        """The mapping as a document, and its digest."""
        doc: dict[str, Any] = self.mapping.model_dump(mode="json", by_alias=True)
        return doc, digest(doc)

    def afresh(self, side: str) -> bool:
        """Whether the mapping has changed since the side was last scanned: then everything is looked at again."""
        query = select(func.max(mappings.c.at).label("at")).where(mappings.c.sync == self.sync)
        changed, scanned = self.project.store.rows(query)[0]["at"], self.state(side)["scanned_at"]
        return bool(changed and scanned and changed > scanned)

    def snapshots(self, run: str) -> Path:
        """Where this run's snapshots go."""
        return Path(self.project.settings.snapshots) / self.sync / run

    def lease(self, fence: int | None = None, holder: str = "") -> Lease:
        """Takes the sync's lease, or stands in for the holder of a given fence. Raises Busy."""
        store = self.project.store
        if fence is None:
            return Lease.take(store, self.sync, self.clock)
        return Lease(store, self.sync, holder, fence, self.clock)

    def known(self, side: str) -> bool:
        """Whether the side was ever read."""
        query = select(sides.c.read_at).where(sides.c.sync == self.sync, sides.c.side == side)
        return any(row["read_at"] for row in self.project.store.rows(query))
