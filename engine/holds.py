"""Holds: what waits for a person. An answer is bound to exactly what the hold was about."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from engine import ids, merged
from engine.canonical import digest
from engine.store import Store, chunks
from engine.store.lease import between
from engine.store.tables import copies, hold_copies, holds, links
from engine.together import Unfit, apart, together

_ASKED = select(holds.c.id, holds.c.digest).where(
    holds.c.sync == bindparam("of"), holds.c.kind == bindparam("about"), holds.c.state.in_(("open", "answered"))
)
_ASKED_OF = _ASKED.where(holds.c.link.in_(bindparam("links", expanding=True)))
_ASKED_AT = _ASKED.where(holds.c.side.in_(bindparam("sides", expanding=True)))
_ONE = select(holds).where(holds.c.id == bindparam("of"))
_MOVED = update(links).where(links.c.id == bindparam("of")).values(dirty=True, open=True, rev=links.c.rev + 1)
_LISTED = select(holds).where(holds.c.state == bindparam("is")).order_by(holds.c.opened_at, holds.c.id)
_LISTED_OF = _LISTED.where(holds.c.sync == bindparam("of"))


class HoldError(Exception):
    """The answer does not fit the hold."""


@dataclass(frozen=True)
class Wanted:
    """A hold that the present state asks for."""

    kind: str
    reason: str
    detail: dict[str, Any]
    link: str | None = None
    side: str | None = None
    row: str | None = None
    key: str | None = None
    copies: tuple[tuple[str, str], ...] = field(default=())

    @property
    def digest(self) -> str:
        """What it is about; the same situation is the same hold."""
        about = self.detail.get("about", self.detail)
        return digest([self.kind, self.link, self.side, self.row, self.key, about])


def reconcile(
    connection: Connection,
    sync: str,
    kind: str,
    wanted: Sequence[Wanted],
    now: str,
    *,
    among: Sequence[str] | None = None,
    sides: Collection[str] | None = None,
    spare: Collection[str] = (),
    only_open: bool = False,
) -> None:
    """Opens the wanted holds that are not there yet and closes the others of this kind.

    Only what was judged is closed: holds of the links `among`, or of `sides`, where given, and none of the digests to
    `spare`; with `only_open` none at all.
    """
    there = _asked(connection, {"of": sync, "about": kind}, among, sides)
    keep = {hold.digest for hold in wanted}.union(spare)
    if not only_open:
        close(connection, [there[found] for found in there if found not in keep], now)
    for hold in wanted:
        if hold.digest not in there:
            there[hold.digest] = _open(connection, sync, hold, now)


def _asked(
    connection: Connection, of: dict[str, Any], among: Sequence[str] | None, sides: Collection[str] | None
) -> dict[str, str]:
    """Digest -> id of the holds of a kind that are not closed, of some links or of some sides."""
    asked: list[tuple[Any, dict[str, Any]]] = [(_ASKED, of)]
    if among is not None:
        asked = [(_ASKED_OF, {**of, "links": list(part)}) for part in chunks(among)]
    elif sides is not None:
        asked = [(_ASKED_AT, {**of, "sides": list(sides)})]
    return {row.digest: row.id for query, values in asked for row in connection.execute(query, values)}


def close(connection: Connection, ids: Sequence[str], now: str) -> None:
    """The matter is settled."""
    for part in chunks(ids):
        connection.execute(update(holds).where(holds.c.id.in_(part)).values(state="closed", closed_at=now))
        connection.execute(hold_copies.delete().where(hold_copies.c.hold.in_(part)))


def _open(connection: Connection, sync: str, hold: Wanted, now: str) -> str:
    new = ids.new()[:12]
    values = {
        "id": new,
        "sync": sync,
        "kind": hold.kind,
        "link": hold.link,
        "side": hold.side,
        "row": hold.row,
        "key": hold.key,
        "reason": hold.reason,
        "detail": hold.detail,
        "digest": hold.digest,
        "state": "open",
        "opened_at": now,
    }
    connection.execute(holds.insert().values(**values))
    for side, record in hold.copies:
        connection.execute(hold_copies.insert().values(hold=new, side=side, record=record))
    return new


def listed(store: Store, sync: str | None = None, state: str = "open") -> list[dict[str, Any]]:
    """The holds of a sync (or of all), oldest first."""
    return store.rows(_LISTED_OF, of=sync, **{"is": state}) if sync else store.rows(_LISTED, **{"is": state})


def one(store: Store, hold: str) -> dict[str, Any]:
    """A hold, in whatever state. Raises HoldError."""
    rows = store.all(holds, holds.c.id == hold)
    if not rows:
        raise HoldError(f"there is no hold {hold}. `syncline holds` lists them.")
    return rows[0]


def answer(store: Store, hold: str, said: dict[str, Any], now: str) -> dict[str, Any]:
    """Records a person's answer: `{"take": side}`, `{"value": v}` or `{"skip": True}`. The next run acts on it."""
    answered, unfit = answer_all(store, [hold], said, now)
    if unfit:
        raise HoldError(unfit[hold])
    return answered[0]


def answer_all(
    store: Store, ids: Sequence[str], said: dict[str, Any], now: str, *, dry: bool = False
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Gives some holds the same answer, in one transaction: the holds answered, and hold -> why it does not fit.

    Each is bound to what it was about: one that was settled meanwhile takes no answer. A `dry` one keeps nothing.
    """
    answered, unfit = [], {}
    with store.write() as connection:
        for part in chunks(ids):
            for sync in connection.execute(select(holds.c.sync).distinct().where(holds.c.id.in_(part))).scalars().all():
                between(connection, sync)
        whole = connection.begin_nested()
        for hold in ids:
            step = connection.begin_nested()
            try:
                answered.append(_answer(connection, hold, said, now))
                step.commit()
            except HoldError as error:
                step.rollback()
                unfit[hold] = str(error)
        whole.rollback() if dry else whole.commit()
    return answered, unfit


def _answer(connection: Connection, hold: str, said: dict[str, Any], now: str) -> dict[str, Any]:
    row = connection.execute(_ONE, {"of": hold}).mappings().first()
    if row is None:
        raise HoldError(f"there is no hold {hold}. `syncline holds` lists them.")
    if row["state"] == "closed" or (row["state"] == "answered" and row["kind"] == "ambiguous"):
        raise HoldError(f"hold {hold} is settled already. `syncline holds` lists the open ones.")
    _check(connection, dict(row), said)
    connection.execute(update(holds).where(holds.c.id == hold).values(state="answered", answer=said))
    if row["link"]:
        connection.execute(_MOVED, {"of": row["link"]})
    if row["kind"] == "ambiguous":
        _same_or_not(connection, dict(row), said, now)
    if row["kind"] == "merge" and said.get("skip"):
        merged.keep(connection, dict(row))
    return {**row, "state": "answered", "answer": said}


def _same_or_not(connection: Connection, row: dict[str, Any], said: dict[str, Any], now: str) -> None:
    if said.get("skip"):
        apart(connection, row)
        return
    try:
        together(connection, row, said, now)
    except Unfit as error:
        raise HoldError(f"hold {row['id']}: {error}; or answer with {ways('ambiguous')}.") from error


def _check(connection: Connection, row: dict[str, Any], said: dict[str, Any]) -> None:
    """Raises HoldError where the answer does not fit."""
    kind, detail = row["kind"], row["detail"]
    sides = detail.get("values", {})
    way = next((way for way in ("take", "value", "skip") if way in said), None)
    if way not in _WAYS[kind]:
        raise HoldError(f"a hold of kind {kind} is not answered like that; answer with {ways(kind)}.")
    if way == "take" and said["take"] not in sides:
        raise HoldError(f"hold {row['id']} has values from {', '.join(sides)}, none from {said['take']}.")
    if kind in ("brake", "outage", "loop", "schema", "merge") and way == "value" and said["value"] != "release":
        raise HoldError(f"hold {row['id']} is answered with {ways(kind)}.")
    if kind == "schema" and way == "value" and row["detail"]["kind"] not in ("retyped", "required"):
        raise HoldError(f"{row['reason']}. Bring the field back, edit the mapping, or answer with --skip.")
    if kind == "doubt" and way == "value":
        where = (copies.c.sync == row["sync"], copies.c.side == row["side"], copies.c.id == str(said["value"]))
        if connection.execute(select(copies.c.id).where(*where, copies.c.link.is_(None))).first() is None:
            raise HoldError(f"{row['side']} has no unlinked record {said['value']}; answer with {ways(kind)}.")
    if kind == "conflict" and way == "value" and row["key"] and not isinstance(said["value"], dict | None):
        raise HoldError(f"{row['row']} holds entries with fields; give the value as JSON, or take a side.")


_WAYS = {
    "conflict": ("take", "value", "skip"),
    "ambiguous": ("value", "skip"),
    "brake": ("value", "skip"),
    "outage": ("value",),
    "refused": ("skip",),
    "doubt": ("value", "skip"),
    "loop": ("value",),
    "schema": ("value", "skip"),
    "merge": ("value", "skip"),
}
"""Which answers each kind takes."""


def ways(kind: str) -> str:
    """How a hold of this kind is answered, for people."""
    return {
        "ambiguous": "--value SIDE:ID=SIDE:ID to link two records, --value alike for those that look alike, "
        "or --skip to keep all apart",
        "brake": "--value release to let it happen, or --skip to undo it where it came from",
        "outage": "--value release if the records really are gone (each is looked at once more first)",
        "loop": "--value release to let it go on",
        "refused": "--skip to leave that side as it is",
        "schema": "--value release to go on with the field as it is now, or --skip to do without it",
        "merge": "--value release to delete what was merged elsewhere too, or --skip to keep it there",
        "doubt": "--value ID of the record it became, or --skip if it was not created",
    }.get(kind, "--take SIDE, --value V or --skip")
