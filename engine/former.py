"""What a record was a little while ago: the lists of some apps still show it then.

A version that is known to be superseded, or a record that is known to be deleted, is not believed when a list shows
it: the record is looked at by its id first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from sqlalchemy import Connection, bindparam, select

from engine.events import Event
from engine.store import chunks, revise
from engine.store.tables import copies, history

KEPT = 4
"""Former versions that are remembered of each record."""
_DEPARTED = select(history.c.sync, history.c.side, history.c.record, history.c.at).where(
    history.c.event.in_((Event.GONE, Event.DELETED)),
    history.c.record.in_(bindparam("ids", expanding=True)),  # not by sync: all of its history would be looked through
)

_KNOWN = select(copies.c.id, copies.c.version, copies.c.digest, copies.c.former).where(
    copies.c.sync == bindparam("of"),
    copies.c.side == bindparam("at"),
    copies.c.id.in_(bindparam("ids", expanding=True)),
)


def passed(former: str | None, before: str | None, now: str | None) -> str | None:
    """The former versions once a record has come from one to the next: its version where the app tells one, else the
    digest of its values."""
    kept = [one for one in [*(former or "").split("\n"), before] if one and one != now][-KEPT:]
    return "\n".join(["", *kept, ""]) if kept else None


def superseded(scan: pl.Expr) -> pl.Expr:
    """Whether a row of a snapshot (a `scan` or not) joined with the known copies shows what is known to be former,
    deleted or older.

    It may be true all the same: a version comes back where it is made of the values. A look by id tells.
    """
    shown, known = pl.coalesce("version", "digest"), pl.coalesce("version_known", "digest_known")
    line = pl.concat_str(pl.lit("\n"), shown, pl.lit("\n"))
    deleted = (pl.col("present") == "gone") & (shown == known)
    other = (scan | pl.col("version").is_null()) & (pl.col("digest") != pl.col("digest_known"))
    older = other & (pl.col("changed_at") < pl.col("changed_at_known"))  # in feeds a series has that of an occurrence
    return pl.col("former").str.contains(line, literal=True).fill_null(False) | (deleted | older).fill_null(False)


def departed(connection: Connection, sync: str, side: str, rows: Sequence[dict[str, Any]]) -> set[str]:
    """Ids of the rows whose record was deleted; not where another one was made under the id since."""
    found: set[str] = set()
    for part in chunks(rows):
        made = {row["id"]: row["created_at"] or "" for row in part}
        gone = connection.execute(_DEPARTED, {"ids": list(made)})
        here = [row for row in gone if (row.sync, row.side) == (sync, side)]
        found |= {row.record for row in here if row.at > made[row.record]}
    return found


def glimpsed(connection: Connection, sync: str, side: str, shown: Mapping[str, str]) -> None:
    """Remembers what records are like just before they are written over: record id -> version, or else digest.

    Somebody may have edited other fields since the last reading: no reading has shown that version, and lists may yet.
    """
    rows = []
    for part in chunks(list(shown)):
        for row in connection.execute(_KNOWN, {"of": sync, "at": side, "ids": list(part)}):
            if shown[row.id] != (known := row.version or row.digest):
                kept = passed(row.former, shown[row.id], known)
                rows.append({"sync": sync, "side": side, "id": row.id, "former": kept})
    revise(connection, copies, rows)
