"""Time travel: what each side held at a moment, what was agreed, and where every value came from.

The state at a moment is the present state with everything undone that history says happened since.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from engine.events import Event
from engine.history import FIELDS, GONE, JOINED, about, atom_of
from engine.linkstate import Atom, drop, label, poke
from engine.store import Store
from engine.store.tables import copies, history, links, mappings, runs, sides

Row = dict[str, Any]
Doc = dict[str, Any]


class TravelError(Exception):
    """There is nothing to show for that record and moment. The message says why, and what to do."""


def then(store: Store, sync: str, record: str, at: str) -> list[Doc]:
    """The things that `record` (its id on any side, or its link) was a part of at `at` (ISO 8601, UTC).

    Each is `{link, at, state, agreed, sides}`; state is live, ended or "not yet". `agreed` and the `fields` of each
    side are lists of `{row and key, or field; value, since, event, run, mapping, rule, source, reads}`; `reads` are the
    `{run, side}` whose snapshot showed it. Raises TravelError.
    """
    with store.read() as connection:
        begins = connection.execute(select(func.min(runs.c.started_at)).where(runs.c.sync == sync)).scalar()
        found = _things(connection, sync, record)
    if not found:
        raise TravelError(
            f"{sync} has no record {record!r} that is or was linked. Give a record's id on any side, or a link's: "
            f"`syncline history {sync}` and `syncline status` show them."
        )
    if begins is None or at < begins:
        first = f"at {begins}" if begins else "with its first run"
        raise TravelError(
            f"The history of {sync} begins {first}; what there was at {at} is not known. SYNCLINE_HISTORY_DAYS says "
            "how long history is kept."
        )
    shown = [thing.at(at, begins) for thing in found]
    return [one for one in shown if one["state"] == "live"] or shown


def _things(connection: Connection, sync: str, record: str) -> list[Thing]:
    ids = set(connection.execute(select(history.c.link).where(history.c.sync == sync, about(sync, record))).scalars())
    ids |= set(connection.execute(select(copies.c.link).where(copies.c.sync == sync, copies.c.id == record)).scalars())
    query = select(links).where(links.c.sync == sync, links.c.id.in_([one for one in ids if one] + [record]))
    names = list(connection.execute(select(sides.c.side).where(sides.c.sync == sync).order_by(sides.c.side)).scalars())
    lists = _lists(connection, sync)
    things = []
    for link in connection.execute(query.order_by(links.c.created_at, links.c.id)).mappings().all():
        told = select(history, runs.c.mapping).outerjoin(runs, runs.c.id == history.c.run)
        rows = connection.execute(told.where(history.c.link == link["id"]).order_by(history.c.id)).mappings()
        known = connection.execute(select(copies).where(copies.c.link == link["id"])).mappings()
        things.append(Thing(dict(link), [dict(one) for one in known], [dict(row) for row in rows], names, lists))
    return things


def _lists(connection: Connection, sync: str) -> frozenset[str]:
    """The rows that are or were lists, merged key by key."""
    texts = connection.execute(select(mappings.c.text).where(mappings.c.sync == sync)).scalars()
    return frozenset(name for text in texts for name, row in text.get("fields", {}).items() if row.get("each"))


@dataclass(frozen=True)
class Thing:
    """One link with its copies as they are, and all that history has on it, oldest first."""

    link: Row
    copies: list[Row]
    rows: list[Row]
    names: Sequence[str]
    """The sides of the sync."""
    lists: frozenset[str]

    def at(self, at: str, begins: str) -> Doc:
        """What it was at a moment; `begins` is since when history is kept."""
        done = [row for row in self.rows if row["at"] <= at]
        undone = [row for row in self.rows if row["at"] > at]
        past = _Past(self, done, begins)
        held = self._held(undone) if self.link["created_at"] <= at else {}
        shown = {side: past.side(side, held) for side in self.names}
        live = any(one["held"] for one in shown.values())
        ended = any(row["event"] in GONE for row in done)
        state = "live" if live else "ended" if ended or self._over(at) else "not yet"
        agreed = [past.agreed(atom, value) for atom, value in self._atoms(self._agreed(undone))]
        return {"link": self.link["id"], "at": at, "state": state, "agreed": agreed, "sides": shown}

    def _over(self, at: str) -> bool:
        return bool(self.link["ended"] and self.link["ended"] <= at)

    def _held(self, undone: list[Row]) -> dict[tuple[str, str], Doc | None]:
        """(side, record) -> its native fields, or None where it was not there."""
        held: dict[tuple[str, str], Doc | None] = {
            (row["side"], row["record"]): None
            for row in self.rows
            if row["side"] is not None and row["event"] != Event.LOST
        }
        for copy in self.copies:
            held[copy["side"], copy["id"]] = dict(copy["observed"]) if copy["present"] != "gone" else None
        for row in reversed(undone):
            place = (row["side"], row["record"])
            doc = held.get(place)
            if row["event"] in JOINED:
                held[place] = None
            elif row["event"] in GONE:
                held[place] = dict(row["before"] or {})
            elif row["event"] in FIELDS and doc is not None:
                doc[row["field"]] = row["before"]
        return held

    def _agreed(self, undone: list[Row]) -> Doc:
        agreed: Doc = deepcopy(self.link["agreed"])
        for row in reversed(undone):
            if row["event"] != Event.AGREED:
                continue
            if row["field"] is None:
                agreed = {}
                continue
            atom = atom_of(row["field"])
            if row["before"] is None:
                drop(agreed, atom)
            else:
                poke(agreed, atom, row["before"])
        return agreed

    def _atoms(self, agreed: Doc) -> Iterator[tuple[Atom, Any]]:
        for name, value in sorted(agreed.items()):
            if name in self.lists and isinstance(value, dict):
                yield from (((name, key), entry) for key, entry in sorted(value.items()))
            else:
                yield (name, None), value


@dataclass(frozen=True)
class _Past:
    """What had happened to a thing by a moment, and how its values had come about."""

    thing: Thing
    done: list[Row]
    begins: str

    def side(self, name: str, held: dict[tuple[str, str], Doc | None]) -> Doc:
        """What one side held."""
        here = {record: doc for (side, record), doc in held.items() if side == name}
        record = next((record for record, doc in here.items() if doc is not None), None)
        if record is not None:
            return {"record": record, "held": True, "fields": self._fields(name, record, here[record] or {})}
        gone = next((row for row in reversed(self.done) if row["side"] == name and row["event"] in GONE), None)
        if gone is None:
            return {"record": None, "held": False, "fields": []}
        return {"record": gone["record"], "held": False, "fields": [], "gone": self._cause(gone)}

    def agreed(self, atom: Atom, value: Any) -> Doc:
        """An agreed value with its cause."""
        causes = (row for row in reversed(self.done) if row["event"] == Event.AGREED)
        cause = next((row for row in causes if row["field"] in (None, label(atom))), None)
        return {"row": atom[0], "key": atom[1], "value": value, **self._cause(cause)}

    def _fields(self, side: str, record: str, doc: Doc) -> list[Doc]:
        mine = [row for row in self.done if (row["side"], row["record"]) == (side, record)]
        last: dict[str | None, Row] = {}
        for row in mine:
            if row["event"] in JOINED:
                last = {None: row}
            elif row["event"] in FIELDS:
                last[row["field"]] = row
        first = self._first(side)
        return [
            {"field": name, "value": value, **self._cause(last.get(name) or last.get(None) or first)}
            for name, value in sorted(doc.items())
        ]

    def _first(self, side: str) -> Row | None:
        """As it was read when its link was made; None where that is older than history."""
        made = self.thing.link["created_at"]
        if made < self.begins or not self.thing.rows:
            return None
        first = self.thing.rows[0]
        told = {"run": first["run"], "mapping": first["mapping"], "side": side, "source": side}
        return {**told, "id": 0, "at": made, "event": Event.LINKED, "rule": "first seen"}

    def _cause(self, row: Row | None) -> Doc:
        """When and how a value came about; all null where that is older than history."""
        if row is None:
            return dict.fromkeys(("since", "event", "run", "mapping", "rule", "source")) | {"reads": []}
        named = {name: row[name] for name in ("event", "run", "mapping", "rule", "source")}
        return {"since": row["at"], **named, "reads": self._reads(row)}

    def _reads(self, row: Row) -> list[Doc]:
        """The readings that showed it: of its own run for what somebody did, else the last one of each source."""
        if row["event"] in (Event.EDITED, Event.GONE, Event.LINKED):
            return [{"run": row["run"], "side": row["side"]}]
        if row["event"] == Event.ALONG or not row["source"]:
            return []
        return [{"run": self._read(side, row), "side": side} for side in str(row["source"]).split(", ")]

    def _read(self, side: str, row: Row) -> str:
        seen = (Event.EDITED, Event.GONE, Event.LINKED)
        earlier = (one for one in reversed(self.thing.rows) if one["id"] <= row["id"] and one["side"] == side)
        found = next((one["run"] for one in earlier if one["event"] in seen), None)
        return str(found or self.thing.rows[0]["run"])
