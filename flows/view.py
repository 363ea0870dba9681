"""Changes and holds as documents for people and scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from engine.accounting import Title
from engine.bound import Bound
from engine.store.tables import changes, copies
from flows.project import Project


def change_view(bound: Bound, row: dict[str, Any], observed: dict[str, Any]) -> dict[str, Any]:
    """A planned change (a row of the journal) to a record as last read, field by field in the app's own words."""
    fields = [
        {"field": name, "before": row["before"].get(name), "after": after}
        for name, after in sorted(row["data"].items())
    ]
    return {
        "id": row["id"],
        "side": row["side"],
        "op": row["op"],
        "record": row["record"],
        "title": title(bound, row["side"], observed | row["data"]),
        "fields": fields,
        "why": row["why"],
    }


def title(bound: Bound, side: str, native: dict[str, Any]) -> str | None:
    """What people call the record: the first row of the mapping, where that is text."""
    name = next(iter(bound.mapping.fields))
    cell = bound.rows[name].cells.get(side)
    return _text(native, cell.names) if cell else None


def _text(native: dict[str, Any], names: Sequence[str]) -> str | None:
    """The texts of these fields; None where there is none."""
    return " ".join(text for name in names if isinstance(text := native.get(name), str) and text) or None


def planned(connection: Connection, bound: Bound, run: str) -> list[dict[str, Any]]:
    """The changes that a run has planned and not sent, as a plan shows them."""
    same = (copies.c.sync == changes.c.sync) & (copies.c.side == changes.c.side) & (copies.c.id == changes.c.record)
    query = select(changes, copies.c.observed).outerjoin(copies, same).order_by(changes.c.seq)
    rows = connection.execute(query.where(changes.c.run == run, changes.c.state == "planned")).mappings()
    return [change_view(bound, dict(row), row["observed"] or {}) for row in rows]


def titles(project: Project, sync: str) -> Title:
    """The same for records of the state, without a look at any app."""
    row = next(iter(project.mapping(project.deployment(sync).mapping).fields.values()))

    def of(side: str, native: dict[str, Any]) -> str | None:
        return _text(native, row.native(side))

    return of


def hold_view(row: dict[str, Any]) -> dict[str, Any]:
    """A hold as commands print it."""
    detail = row["detail"]
    return {
        "hold": row["id"],
        "sync": row["sync"],
        "kind": row["kind"],
        "reason": row["reason"],
        "state": row["state"],
        "link": row["link"],
        "side": row["side"],
        "field": row["row"],
        "key": row["key"],
        "values": detail.get("values", {}),
        "detail": detail,
        "opened_at": row["opened_at"],
    }
