"""What is known of a mapping's apps: their fields, asked or as every account has them, and real records."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connectors import load
from engine.contract import AppError, Schema
from flows.project import Project, ProjectError
from flows.secrets import SecretsError

if TYPE_CHECKING:
    from engine.mapping import Mapping as MappingModel
    from engine.mapping import Side

RECORDED = 100
"""Records of a side that are sent round."""


@dataclass
class Known:
    """Of the sides of one mapping."""

    schemas: dict[str, Schema] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """Sides whose account was asked just now."""
    samples: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    """Why an account could not be asked."""


def known(project: Project, mapping: MappingModel, connections: Mapping[str, str], sync: str = "") -> Known:
    """Sides with a connection are asked; of others it is what the last run stored, or what every account has."""
    found = Known()
    stored = _stored(project, sync) if sync else {}
    for side, at in mapping.sides.items():
        if side in connections:
            _ask(project, found, side, at, connections[side])
        elif side in stored:
            found.schemas[side] = stored[side]
        elif fields := _common(at):
            found.schemas[side] = Schema(fields)
    found.samples |= _recorded(project, sync) if sync else {}
    for example in mapping.examples:
        for side, native in example.given.items():
            found.samples[side] = [*found.samples.get(side, []), native]
    return found


def _ask(project: Project, found: Known, side: str, at: Side, connection: str) -> None:
    try:
        connector = project.connector(connection)
        found.schemas[side] = connector.schema(at.object)
    except (AppError, ProjectError, SecretsError) as error:
        found.problems.append(f"{side}: {error}")
        return
    found.asked.append(side)
    with suppress(AppError):  # a mapping alone may name a place that this account does not have
        page = next(iter(connector.scan(at.object, dict(at.scope))), None)
        found.samples[side] = [record.data for record in (page.records if page else ())][:RECORDED]


def _common(at: Side) -> Mapping[str, Any]:
    try:
        return load(at.app).fields.get(at.object, {})
    except AppError:
        return {}


def _stored(project: Project, sync: str) -> dict[str, Schema]:
    from engine.contract import Field
    from engine.store.tables import sides

    rows = project.store.all(sides, sides.c.sync == sync)
    docs = {row["side"]: row["schema"] for row in rows if row["schema"]}
    return {
        side: Schema({name: Field(**item) for name, item in doc["fields"].items()}, doc["zone"])
        for side, doc in docs.items()
    }


def _recorded(project: Project, sync: str) -> dict[str, list[Mapping[str, Any]]]:
    """Records as the last runs saw them."""
    from sqlalchemy import select

    from engine.store.tables import copies, sides

    found = {}
    for row in project.store.all(sides, sides.c.sync == sync):
        where = (copies.c.sync == sync, copies.c.side == row["side"], copies.c.observed.is_not(None))
        query = select(copies.c.observed).where(*where).order_by(copies.c.id).limit(RECORDED)
        found[row["side"]] = [one["observed"] for one in project.store.rows(query) if one["observed"]]
    return {side: records for side, records in found.items() if records}
