"""Links between the database and the merge: loading them as `LinkState`, saving what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from engine.canonical import same
from engine.ids import new
from engine.linkstate import Copy, LinkState
from engine.store import chunks, revise
from engine.store.tables import copies, links

_IDS: Any = bindparam("ids", expanding=True)
_LINKS = select(links).where(links.c.id.in_(_IDS)).with_for_update()
_COPIES = select(copies).where(copies.c.link.in_(_IDS))


def load(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[LinkState, dict[str, Any]]]:
    """Link id -> its state and its row, for up to some hundred links, locked until the transaction ends."""
    states: dict[str, tuple[LinkState, dict[str, Any]]] = {}
    for row in connection.execute(_LINKS, {"ids": list(ids)}).mappings():
        agreed = {name: dict(value) if isinstance(value, dict) else value for name, value in row["agreed"].items()}
        state = LinkState(row["id"], agreed, dict(row["origin"]), rev=row["rev"])  # changed in place, unlike the row
        states[row["id"]] = (state, dict(row))
    for row in connection.execute(_COPIES, {"ids": list(ids)}).mappings():
        native = row["observed"] if row["present"] == "yes" and not row["failed"] else None
        copy = Copy(
            row["side"],
            row["id"],
            native,
            row["version"],
            row["synced"],
            row["base"],
            row["changed_at"],
            row["changed_by"],
            row["present"],
            row["ours"],
            row["excluded"],
            row["former"],
            row["digest"],
        )
        states[row["link"]][0].copies[row["side"]] = copy
    return states


def save(connection: Connection, sync: str, saved: Sequence[tuple[LinkState, dict[str, Any]]]) -> None:
    """Stores agreed values of links and what their copies have settled with.

    With each comes a dict of further columns of the link, the same ones for all.
    """
    rows = [{"id": link.id, "agreed": link.agreed, "origin": link.origin, **values} for link, values in saved]
    revise(connection, links, rows)
    settled = [
        {"sync": sync, "side": side, "id": copy.id, "synced": copy.synced, "base": copy.base}
        for link, _ in saved
        for side, copy in (*link.copies.items(), *link.parted.items())
    ]
    revise(connection, copies, settled)


def changed(before: dict[str, Any], link: LinkState, values: dict[str, Any]) -> bool:
    """Whether saving would change the link's row."""
    now = {"agreed": link.agreed, "origin": link.origin, **values}
    return any(not same(before[name], value) for name, value in now.items())


def create(connection: Connection, sync: str, groups: Sequence[Sequence[tuple[str, str]]], now: str) -> list[str]:
    """A new link for each group of (side, record id); their ids."""
    ids = [new() for _ in groups]
    rows = [
        {
            "id": link,
            "sync": sync,
            "rev": 1,
            "agreed": {},
            "origin": {},
            "dirty": True,
            "open": True,
            "todo": [],
            "errors": {},
            "failed": False,
            "created_at": now,
        }
        for link in ids
    ]
    for part in chunks(rows):
        connection.execute(insert(links), list(part))
    _tie(connection, sync, dict(zip(ids, groups, strict=True)))
    return ids


def attach(connection: Connection, sync: str, link: str, group: Sequence[tuple[str, str]]) -> None:
    """Ties records to a link; they have settled nothing yet."""
    places = [side for side, _ in group]
    gone = (copies.c.sync == sync, copies.c.link == link, copies.c.side.in_(places), copies.c.present == "gone")
    connection.execute(copies.delete().where(*gone))
    _tie(connection, sync, {link: group})
    connection.execute(update(links).where(links.c.id == link).values(dirty=True, open=True, rev=links.c.rev + 1))


def _tie(connection: Connection, sync: str, groups: dict[str, Sequence[tuple[str, str]]]) -> None:
    rows = [
        {"sync": sync, "side": side, "id": record, "link": link}
        for link, group in groups.items()
        for side, record in group
    ]
    revise(connection, copies, rows)


def sides_of(
    connection: Connection, sync: str, ids: Sequence[str], present: Sequence[str] = ("yes", "missing")
) -> dict[str, set[str]]:
    """Link id -> the sides it has a copy on; one that was deleted makes room for another."""
    found: dict[str, set[str]] = defaultdict(set)
    for part in chunks(ids):
        query = select(copies.c.link, copies.c.side).where(
            copies.c.sync == sync, copies.c.link.in_(part), copies.c.present.in_(present)
        )
        for row in connection.execute(query):
            found[row[0]].add(row[1])
    return dict(found)
