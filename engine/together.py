"""A person's answer to records that may be the same: which of them belong together, or that they stay apart."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection, select, update

from engine.events import Event, note
from engine.links import attach, create, sides_of
from engine.match import MATCHED
from engine.store.tables import copies

ALIKE = "alike"
"""The answer that the records of a look-alike hold are the same, all that score enough."""
Key = tuple[str, str]


class Unfit(Exception):
    """The answer does not fit; the message ends a sentence about the hold."""


def best(detail: dict[str, Any]) -> float | None:
    """The highest score of a hold's pairs; None where its records are not alike by scores."""
    return max((pair["score"] for pair in detail.get("pairs", ())), default=None)


def apart(connection: Connection, row: dict[str, Any]) -> None:
    """The records of an ambiguous hold match nothing, now and later."""
    for side, record in row["detail"]["records"]:
        where = (copies.c.sync == row["sync"], copies.c.side == side, copies.c.id == record)
        connection.execute(update(copies).where(*where).values(single=True))


def together(connection: Connection, row: dict[str, Any], said: dict[str, Any], now: str) -> None:
    """Links the records that a person named, or those that look alike (with at least `score`). Raises Unfit."""
    group = _alike(row["detail"], said.get("score")) if said["value"] == ALIKE else _named(row["detail"], said["value"])
    tied = {side: link for side, record in group if (link := _link(connection, row["sync"], side, record))}
    if len(tied) > 1:
        raise Unfit("its records belong to different things already; pair a free record with one of them")
    free = [(side, record) for side, record in group if side not in tied]
    link = next(iter(tied.values()), None)
    if link:
        if taken := sides_of(connection, row["sync"], [link]).get(link, set()) & {side for side, _ in free}:
            raise Unfit(f"what it is linked with has a record of {' and '.join(sorted(taken))} already")
        attach(connection, row["sync"], link, free)
    else:
        (link,) = create(connection, row["sync"], [free], now)
    kept_out = (copies.c.sync == row["sync"], copies.c.link == link, copies.c.excluded.in_(MATCHED))
    connection.execute(update(copies).where(*kept_out).values(excluded=None))
    told = {"at": now, "sync": row["sync"], "run": "", "event": Event.LINKED, "link": link, "rule": "a person's answer"}
    note(connection, [{**told, "side": side, "record": record} for side, record in free])


def _named(detail: dict[str, Any], value: Any) -> list[Key]:
    """The records of `SIDE:ID=SIDE:ID`."""
    records = {(side, record) for side, record in detail["records"]}
    names = "|".join(re.escape(side) for side in sorted({side for side, _ in records}))
    parts = re.split(rf"=(?=(?:{names}):)", str(value))  # ids may have an = of their own
    group = [(side, record) for side, _, record in (part.partition(":") for part in parts)]
    if len(group) < 2 or not records.issuperset(group) or len({side for side, _ in group}) != len(group):
        raise Unfit(f"its records are {sorted(records)}, and one of a side can be linked with one of another")
    return group


def _alike(detail: dict[str, Any], score: float | None) -> list[Key]:
    """The records of the pairs that score enough; they must be one thing, with one record of a side."""
    if best(detail) is None:
        raise Unfit("its records are alike by a rule, not by a score; name those to link: SIDE:ID=SIDE:ID")
    pairs = [one["records"] for one in detail["pairs"] if score is None or one["score"] >= score]
    found = {(side, record) for pair in pairs for side, record in pair}
    if not found:
        raise Unfit(f"no two of its records score {score:.2f}")
    if len({side for side, _ in found}) < len(found):
        raise Unfit("several records of one side look alike; name those to link: SIDE:ID=SIDE:ID")
    return sorted(found)


def _link(connection: Connection, sync: str, side: str, record: str) -> str | None:
    where = (copies.c.sync == sync, copies.c.side == side, copies.c.id == record)
    return connection.execute(select(copies.c.link).where(*where)).scalar()
