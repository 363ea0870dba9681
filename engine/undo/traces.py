"""What runs left of a link in history and journal, as an undo asks for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, or_, select

from engine.canonical import same
from engine.contract import Op
from engine.events import Event
from engine.linkstate import Atom, label
from engine.store.tables import changes, history, runs
from engine.store.tables import links as link_table

DEEDS = (Event.AGREED, Event.CREATED, Event.UPDATED, Event.DELETED)
"""What can be undone."""

_UNENDED = select(runs.c.id).where(runs.c.kind == "undo", runs.c.status.in_(("failed", "running")))


@dataclass(frozen=True)
class Asked:
    """What a person wants undone: a run, or the runs since a moment, narrowed to a record or a field.

    With neither run nor moment it is the last run that changed the record or the field. An undo that failed or broke
    off is no such run: asked for once more, it goes on.
    """

    run: str | None = None
    link: str | None = None
    field: str | None = None
    since: str | None = None
    """ISO 8601 in UTC."""

    def __str__(self) -> str:
        said = [f"run {self.run}"] * bool(self.run) + [f"record {self.link}"] * bool(self.link)
        said += [f"field {self.field}"] * bool(self.field) + [f"all since {self.since}"] * bool(self.since)
        return "undo of " + ", ".join(said)

    def takes(self, atom: Atom) -> bool:
        """Whether the field is one of those meant."""
        return self.field is None or self.field in (atom[0], label(atom))

    def runs(self, connection: Connection, sync: str) -> frozenset[str]:
        """The runs that are meant."""
        if self.run is not None:
            return frozenset({self.run})
        where = [history.c.sync == sync, history.c.event.in_(DEEDS)]
        where += [history.c.link == self.link] if self.link else []
        if self.field is not None:
            named = or_(history.c.field == self.field, history.c.field.startswith(f"{self.field}/", autoescape=True))
            where += [history.c.event == Event.AGREED, named]
        if self.since is not None:
            return frozenset(
                connection.execute(select(history.c.run).distinct().where(*where, history.c.at >= self.since)).scalars()
            )
        where += [history.c.run.not_in(_UNENDED)]
        if self.link is not None and (begun := self._begun(connection)):
            where += [history.c.at < begun]
        last = connection.execute(select(history.c.run).where(*where).order_by(history.c.id.desc()).limit(1)).scalar()
        return frozenset({last} if last else ())

    def _begun(self, connection: Connection) -> str | None:
        """Since when an undo of the link has not ended, and at most been delivered by other runs: they agreed on
        nothing."""
        touched = select(changes.c.run).where(changes.c.link == self.link)
        noted = select(history.c.run).where(history.c.link == self.link)
        undos = select(runs.c.started_at).where(runs.c.id.in_(_UNENDED), runs.c.id.in_(touched.union(noted)))
        agreed = (history.c.link == self.link, history.c.event == Event.AGREED, history.c.run.not_in(_UNENDED))
        decided = connection.execute(select(func.max(history.c.at)).where(*agreed)).scalar()
        since = runs.c.started_at > (decided or "")
        return connection.execute(undos.where(since).order_by(runs.c.started_at).limit(1)).scalar()

    def links(self, connection: Connection, sync: str, meant: Collection[str]) -> list[str]:
        """The links that these runs did something to, oldest deed first."""
        done = select(history.c.link, history.c.id).where(
            history.c.sync == sync, history.c.run.in_(sorted(meant)), history.c.event.in_(DEEDS)
        )
        if self.link is not None:
            done = done.where(history.c.link == self.link)
        planned = select(changes.c.link).where(changes.c.sync == sync, changes.c.run.in_(sorted(meant)))
        found = [row.link for row in connection.execute(done.order_by(history.c.id))]
        found += [
            link for link in connection.execute(planned.order_by(changes.c.seq)).scalars() if self.link in (None, link)
        ]
        return [link for link in dict.fromkeys(found) if link is not None]


@dataclass
class Traces:
    """Of one link."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    """Its history, oldest first."""
    changes: list[dict[str, Any]] = field(default_factory=list)
    """What the runs meant sent, or wanted to, oldest first."""
    whole: bool = True
    """False where the beginning of its history is not kept any more."""

    def chain(self, atom: Atom) -> list[dict[str, Any]]:
        """The agreed values of a field after the first, oldest first."""
        return [row for row in self.rows if row["event"] == Event.AGREED and row["field"] == label(atom)]

    def first(self) -> str | None:
        """The run that agreed on the link's first values, when it was new; None where that is not kept any more."""
        if not self.whole:
            return None
        return next((str(row["run"]) for row in self.rows if row["event"] == Event.AGREED), None)

    def joined(self, meant: Collection[str]) -> set[str]:
        """Sides whose records joined the link in these runs."""
        return {row["side"] for row in self.rows if row["event"] == Event.LINKED and row["run"] in meant}

    def sent(self, op: Op) -> list[dict[str, Any]]:
        """The writes of a kind that landed, or may have."""
        return [one for one in self.changes if one["op"] == op and (one["state"] == "done" or one["sent_at"])]

    def place(self, change: dict[str, Any], name: str | None) -> int:
        """The number of the row of history that a write left; 0 where there is none.

        One of which nothing was heard was read later, like somebody's edit.
        """
        event = {Op.CREATE: Event.CREATED, Op.UPDATE: Event.UPDATED, Op.DELETE: Event.DELETED}[Op(change["op"])]
        here = [row for row in self.rows if row["side"] == change["side"] and row["field"] == name]
        own = [row["id"] for row in here if row["event"] == event and row["run"] == change["run"]]
        if not own and name is not None:
            own = [r["id"] for r in here if r["event"] == Event.EDITED and same(r["after"], change["data"].get(name))]
        return max(own, default=0)

    def edited(self, side: str, name: str, after: int) -> list[dict[str, Any]]:
        """What people changed in a native field since a row of history."""
        return [
            row
            for row in self.rows
            if row["id"] > after and row["event"] == Event.EDITED and row["side"] == side and row["field"] == name
        ]

    def removal(self) -> dict[str, Any] | None:
        """The last deletion that a run made."""
        return next((row for row in reversed(self.rows) if row["event"] == Event.DELETED), None)

    def lost(self) -> set[str]:
        """Sides where the record was, and was deleted."""
        return {row["side"] for row in self.rows if row["event"] in (Event.GONE, Event.DELETED)}


def traces(connection: Connection, links: Sequence[str], meant: Collection[str]) -> dict[str, Traces]:
    """Link -> its traces, for up to some hundred links."""
    found: dict[str, Traces] = defaultdict(Traces)
    for row in connection.execute(select(history).where(history.c.link.in_(links)).order_by(history.c.id)).mappings():
        found[row["link"]].rows.append(dict(row))
    kept = select(func.min(runs.c.started_at)).where(runs.c.sync == link_table.c.sync).scalar_subquery()
    old = select(link_table.c.id).where(link_table.c.id.in_(links), link_table.c.created_at < kept)
    for link in connection.execute(old).scalars():
        found[link].whole = False
    where = (changes.c.link.in_(links), changes.c.run.in_(sorted(meant)))
    query = select(changes).join(runs, runs.c.id == changes.c.run).where(*where)
    for row in connection.execute(query.order_by(runs.c.started_at, changes.c.seq)).mappings():
        found[row["link"]].changes.append(dict(row))
    return found
