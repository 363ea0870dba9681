"""What history is told of writes that landed: their values are from some sides, and the record was like this before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from engine.arrivals import recall
from engine.bound import Bound
from engine.canonical import pick
from engine.contract import Op, Record
from engine.journal import Landing
from engine.linkstate import LinkState

Landed = tuple[dict[str, Any], Record]
"""A row of the journal, and the record that its write left."""


def landings(
    connection: Connection, bound: Bound, landed: Sequence[Landed], states: dict[str, tuple[LinkState, dict[str, Any]]]
) -> list[Landing]:
    """Of some changes of one side, each of another link."""
    side, sync = landed[0][0]["side"], landed[0][0]["sync"]
    former = {row["link"]: states[row["link"]][0].copies.get(side) for row, _ in landed}
    was = {copy.id: dict(copy.native or {}) for copy in former.values() if copy is not None}
    stored = [pick(record.data, bound.wanted[side]) for _, record in landed]
    shown = {record.id: data for (row, record), data in zip(landed, stored, strict=True) if row["op"] == Op.UPDATE}
    recall(connection, bound, (sync, side), shown, was)
    return [
        Landing(row, record.id, _source(row, states[row["link"]][0]), was.get(record.id, {}), data)
        for (row, record), data in zip(landed, stored, strict=True)
    ]


def _source(row: dict[str, Any], state: LinkState) -> str:
    """The sides whose values were written."""
    sides = {origin[0] for origin in state.origin.values() if origin[0]} or set(state.copies) - {row["side"]}
    return ", ".join(sorted(map(str, sides)))
