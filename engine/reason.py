"""Why a record is in its state, as a sentence for people. The state itself is `accounting`'s business."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from engine.contract import Op
from engine.refs import WAITS
from engine.store import Store, chunks
from engine.store.tables import changes, holds, links, runs, sides

Row = Mapping[str, Any]
NEXT = "the next run"


class Reasons:
    """What is to be known about some records of a sync, asked for once for all of them."""

    def __init__(self, store: Store, sync: str, rows: Sequence[Row]) -> None:
        told = [row for row in rows if row["reason"] in ("new", "todo", "dirty", "missing")]
        self._untrusted: dict[str, str | None] = {}
        self._unread: dict[str, str] = {}
        self._writes: dict[tuple[str, str], Row] = {}
        self._answered: set[str] = set()
        self._doubtful: set[str] = set()
        self._referred: dict[str, str] = {}
        if told:
            self._look(store, sync, sorted({row["link"] for row in told if row["link"]}))

    def _look(self, store: Store, sync: str, ids: list[str]) -> None:
        self._untrusted = {row["side"]: row["untrusted"] for row in store.all(sides, sides.c.sync == sync)}
        latest = select(runs).where(runs.c.sync == sync).order_by(runs.c.started_at.desc()).limit(1)
        for run in store.rows(latest):
            self._unread = dict(run["report"].get("errors", {}))
        unheard = (changes.c.sync == sync, changes.c.op == Op.CREATE, changes.c.state.in_(("sent", "doubt")))
        self._doubtful = {row["side"] for row in store.rows(select(changes.c.side).where(*unheard).distinct())}
        for part in chunks(ids):
            columns = (changes.c.link, changes.c.side, changes.c.state, changes.c.error)
            query = select(*columns).join(runs, runs.c.id == changes.c.run).where(changes.c.link.in_(part))
            for row in store.rows(query.order_by(runs.c.started_at, changes.c.seq)):
                self._writes[row["link"], row["side"]] = row
            answered = select(holds.c.link).where(holds.c.link.in_(part), holds.c.state == "answered")
            self._answered |= {row["link"] for row in store.rows(answered)}
            origins = store.rows(select(links.c.id, links.c.origin).where(links.c.id.in_(part)))
            self._referred |= {row["id"]: row["origin"][WAITS][1] for row in origins if WAITS in row["origin"]}

    def sentence(self, row: Row) -> str:
        """The reason; a row of `accounting`'s states, whose own reason may be one word."""
        tellers = {
            "several": lambda _: "several records match it; a person is asked which of them belong together",
            "errors": _errors,
            "missing": self._missing,
            "new": self._new,
            "todo": self._todo,
            "dirty": self._dirty,
        }
        teller = tellers.get(row["reason"])
        return teller(row) if teller is not None else str(row["reason"] or "")

    def _missing(self, row: Row) -> str:
        said = f"{row['side']} does not show it any more; it counts as deleted when it is not there a second time"
        untrusted = self._untrusted.get(row["side"])
        return f"{said}, and {row['side']} is trusted again ({row['side']} {untrusted})" if untrusted else said

    def _new(self, row: Row) -> str:
        if row["side"] in self._doubtful:
            return (
                f"new; it waits, for {row['side']} has not said whether it made an earlier record, and this may be it"
            )
        waits = self._waits()
        return f"new; {NEXT} matches it with the other sides" + (f" ({waits})" if waits else "")

    def _todo(self, row: Row) -> str:
        return "; ".join(self._write(row["link"], side) for side in row["todo"])

    def _write(self, link: str, side: str) -> str:
        write = self._writes.get((link, side))
        if write is None or write["state"] == "done":
            return f"to be written to {side} by {NEXT}"
        if write["state"] in ("sent", "doubt"):
            return f"{side} did not say whether it was written; {NEXT} looks there"
        if write["state"] == "planned":
            return f"planned for {side}, and not sent yet"
        return f"not written to {side} yet: {write['error'] or 'the run before broke off'}"

    def _dirty(self, row: Row) -> str:
        unheard = [side for (link, side), write in self._writes.items() if link == row["link"] and _unheard(write)]
        if unheard:
            return "; ".join(self._write(row["link"], side) for side in sorted(unheard))
        if row["link"] in self._answered:
            return f"a person has answered; {NEXT} acts on it"
        waits = "; ".join(filter(None, [self._waits(), self._referred.get(row["link"], "")]))
        return f"waits: {waits}" if waits else f"it has changed; {NEXT} merges it"

    def _waits(self) -> str:
        """The sides that hold the others up."""
        said = [f"{side} could not be read ({why})" for side, why in sorted(self._unread.items())]
        said += [
            f"{side} is not trusted: it {why}"
            for side, why in sorted(self._untrusted.items())
            if why and side not in self._unread
        ]
        return "; ".join(said)


def _unheard(write: Row) -> bool:
    return write["state"] in ("sent", "doubt")


def _errors(row: Row) -> str:
    """What the sides refused; an error of no side is a value that could not be read."""
    said = []
    for side, error in sorted((row["errors"] or {}).items()):
        tries = f" (tried {error['attempts']} times)" if error.get("attempts", 1) > 1 else ""
        refused = bool(side) and not error.get("rejected")
        said.append(f"{side} refused it: {error['reason']}{tries}" if refused else str(error["reason"]))
    return "; ".join(said)
