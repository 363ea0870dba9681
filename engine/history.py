"""History: what people changed, what was agreed, what was written and what gave way; and whether it adds up.

The rows are described in `engine/events.py`. What a side held at a moment is for `engine/timetravel.py` to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from engine.canonical import same
from engine.events import Event
from engine.linkstate import Atom, label
from engine.store import Store
from engine.store.tables import copies, history, links

GONE = frozenset({Event.GONE, Event.DELETED})
"""Events after which a side does not have the record."""
JOINED = frozenset({Event.LINKED, Event.CREATED})
"""Events with which a record joins its link."""
FIELDS = frozenset({Event.EDITED, Event.UPDATED, Event.ALONG})
"""Events about one native field."""


def query(
    store: Store,
    sync: str,
    record: str | None = None,
    limit: int = 100,
    *,
    event: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> list[dict[str, Any]]:
    """The latest first. `record` is a record's id on any side, or a link's: all sides of that thing are shown.

    `since` and `until` are ISO 8601 in UTC, both included.
    """
    where: list[ColumnElement[bool]] = [history.c.sync == sync]
    if record is not None:
        where.append(about(sync, record))
    if event is not None:
        where.append(history.c.event == event)
    if since is not None:
        where.append(history.c.at >= since)
    if until is not None:
        where.append(history.c.at <= until)
    return store.rows(select(history).where(*where).order_by(history.c.id.desc()).limit(limit))


def about(sync: str, record: str) -> ColumnElement[bool]:
    """Rows of the things that a record (by its id on any side, or its link) is or was a part of."""
    linked = select(copies.c.link).where(copies.c.sync == sync, copies.c.id == record)
    formerly = select(history.c.link).where(history.c.sync == sync, history.c.record == record)
    return or_(history.c.link == record, history.c.link.in_(linked), history.c.link.in_(formerly))


def atom_of(name: str) -> Atom:
    """`title` or `people/ann@example.com`, as history names a row or a key of a list row."""
    row, slash, key = name.partition("/")
    return row, key if slash else None


def atoms_in(agreed: dict[str, Any], named: Iterable[Atom] = ()) -> dict[Atom, Any]:
    """The values of a link's agreed document, one by one; rows that are `named` with a key are list rows."""
    many = {row for row, key in named if key is not None}
    found: dict[Atom, Any] = {}
    for row, value in agreed.items():
        if row in many and isinstance(value, dict):
            found |= {(row, key): entry for key, entry in value.items()}
        else:
            found[row, None] = value
    return found


def replayed(store: Store, sync: str) -> list[str]:
    """A sentence for everything in the present state that history does not lead to; empty when all adds up.

    Two queries. History that has been pruned is not missed: what it would have said is taken as it was.
    """
    columns = (history.c.link, history.c.side, history.c.record, history.c.event, history.c.field)
    told = select(*columns, history.c.before, history.c.after, history.c.run).where(history.c.sync == sync)
    present = (
        select(links.c.id, links.c.agreed, links.c.ended, copies.c.side, copies.c.id.label("record"))
        .add_columns(copies.c.observed, copies.c.present)
        .select_from(links.outerjoin(copies, copies.c.link == links.c.id))
        .where(links.c.sync == sync)
    )
    with store.read() as connection:
        rows = [dict(row) for row in connection.execute(told.order_by(history.c.id)).mappings()]
        now = [dict(row) for row in connection.execute(present).mappings()]
    return _agreements(rows, {row["id"]: row["agreed"] for row in now}) + _copies(rows, now)


def _agreements(rows: list[dict[str, Any]], agreed: dict[str, dict[str, Any]]) -> list[str]:
    wrong: list[str] = []
    whole: set[str] = set()
    known: dict[str, dict[Atom, Any]] = {}
    many: dict[str, set[Atom]] = {}
    for row in rows:
        if row["event"] == Event.AGREED and row["field"] is not None:
            many.setdefault(row["link"], set()).add(atom_of(row["field"]))
    for row in rows:
        link = row["link"]
        if row["event"] != Event.AGREED:
            continue
        values = known.setdefault(link, {})
        if row["field"] is None:
            whole.add(link)
            known[link] = atoms_in(row["after"], many.get(link, ()))
            continue
        atom = atom_of(row["field"])
        if (link in whole or atom in values) and not same(values.get(atom), row["before"]):
            wrong.append(_gap(f"link {link}", row, values.get(atom)))
        values[atom] = row["after"]
    for link, values in known.items():
        if link not in agreed:
            wrong.append(f"link {link} has history but is not there")
            continue
        now = atoms_in(agreed[link], many.get(link, ()))
        wrong += [
            f"link {link}: {label(atom)} is {now.get(atom)!r}, history ends with {values.get(atom)!r}"
            for atom in sorted({*values, *(now if link in whole else ())}, key=str)
            if not same(values.get(atom), now.get(atom))
        ]
    return wrong


def _copies(rows: list[dict[str, Any]], now: list[dict[str, Any]]) -> list[str]:
    wrong: list[str] = []
    known: dict[tuple[str, str, str], dict[str, Any] | None] = {}
    for row in rows:
        if row["side"] is None or row["event"] == Event.LOST:
            continue
        at = (row["link"], row["side"], row["record"])
        wrong += _step(known, at, row)
    there = {(row["id"], row["side"], row["record"]): row for row in now if row["side"] is not None}
    for at, held in known.items():
        copy = there.get(at)
        shown = copy["observed"] if copy is not None and copy["present"] != "gone" else None
        name = f"{at[1]} {at[2]} of link {at[0]}"
        if held is None and shown is not None:
            wrong.append(f"{name} is there, history ends with its deletion")
        elif held is not None and shown is None:
            wrong.append(f"{name} is not there, history does not say since when")
        elif held is not None and shown is not None:
            wrong += [
                f"{name}: {field} is {shown.get(field)!r}, history ends with {value!r}"
                for field, value in held.items()
                if not same(value, shown.get(field))
            ]
    return wrong


def _step(
    known: dict[tuple[str, str, str], dict[str, Any] | None], at: tuple[str, str, str], row: dict[str, Any]
) -> list[str]:
    """Takes one row of a record into account: `known` are its fields as far as they are known, None when it is gone."""
    event, held, name = row["event"], known.get(at, {}), f"{at[1]} {at[2]} of link {at[0]}"
    if event in JOINED:
        known[at] = dict(row["after"] or {})
        return []
    if held is None:
        return [] if event in GONE else [f"{name} is {event} by run {row['run']} after it was gone"]
    if event in GONE:
        known[at] = None
        before = row["before"] or {}
        return [
            _gap(name, {**row, "before": before.get(f)}, held[f])
            for f in held
            if f in before and not same(held[f], before[f])
        ]
    field = row["field"]
    wrong = [_gap(name, row, held[field])] if field in held and not same(held[field], row["before"]) else []
    known[at] = {**held, field: row["after"]}
    return wrong


def _gap(name: str, row: dict[str, Any], expected: Any) -> str:
    what = f"{name}: {row['field'] or 'the record'} was {row['before']!r} before it was {row['event']}"
    return f"{what} by run {row['run']}, history had left it at {expected!r}"
