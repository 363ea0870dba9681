"""The brakes put to a plan: which changes they stop, and the holds that say so."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from engine import holds
from engine.brakes import item, judge
from engine.mapping import Brakes
from engine.plan import Change
from engine.store import chunks
from engine.store.tables import copies, links
from engine.store.tables import holds as hold_table


def brake(
    connection: Connection, sync: str, brakes: Brakes, changes: list[Change], now: str, *, whole: bool
) -> dict[int, str]:
    """Changes (by identity) that a brake stops, and what stops them. Also opens and closes the brake holds.

    An approval holds for exactly the changes it was given for, until they are made. `whole`: all sides were read and
    nothing was left out, so that what is not planned now is not wanted any more.
    """
    totals = _totals(connection, sync) if changes else {}
    query = select(hold_table).where(
        hold_table.c.sync == sync, hold_table.c.kind == "brake", hold_table.c.state == "answered"
    )
    answered = [dict(row) for row in connection.execute(query).mappings()]
    released = {item for row in answered if row["answer"].get("value") == "release" for item in row["detail"]["items"]}
    stopped: dict[int, str] = {}
    wanted = []
    for tripped in judge(brakes, [change for change in changes if item(change) not in released], totals):
        if any(row["answer"].get("skip") and row["detail"]["about"] == tripped.digest for row in answered):
            _put_back(connection, sync, [change for change in tripped.changes if change.op == "delete"])
        stopped |= {id(change): tripped.reason for change in tripped.changes}
        listed = [{"op": change.op, "record": change.record, "link": change.link} for change in tripped.changes]
        items = sorted(item(change) for change in tripped.changes)
        detail = {"about": tripped.digest, "kind": tripped.kind, "changes": listed, "items": items}
        wanted.append(holds.Wanted("brake", tripped.reason, detail, side=tripped.side))
    waiting = {item(change) for change in changes}
    spare = {row["digest"] for row in answered if waiting.intersection(row["detail"]["items"])}
    holds.reconcile(connection, sync, "brake", wanted, now, spare=spare, only_open=not whole)
    return stopped


def _totals(connection: Connection, sync: str) -> dict[str, int]:
    """Side -> how many of its records are linked."""
    counted = select(copies.c.side, func.count()).where(copies.c.sync == sync, copies.c.link.is_not(None))
    return {row[0]: row[1] for row in connection.execute(counted.group_by(copies.c.side))}


def _put_back(connection: Connection, sync: str, rejected: list[Change]) -> None:
    """A person rejected the deletions: the deleted copies are forgotten, so that the next run creates them again."""
    for part in chunks([change.link for change in rejected]):
        connection.execute(
            copies.delete().where(copies.c.sync == sync, copies.c.link.in_(part), copies.c.present == "gone")
        )
        connection.execute(update(links).where(links.c.id.in_(part)).values(dirty=True, open=True, rev=links.c.rev + 1))
