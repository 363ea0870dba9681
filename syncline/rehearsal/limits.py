"""What a person has to be asked for: no run writes more of a kind than the brakes allow, but what was released."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import bindparam, func, select

from engine.brakes import KINDS
from engine.contract import Op
from engine.mapping import Brakes
from engine.store import Store
from engine.store.tables import copies, holds

_TOTAL = (
    select(func.count().label("n"))
    .select_from(copies)
    .where(copies.c.sync == bindparam("of"), copies.c.side == bindparam("at"), copies.c.link.is_not(None))
)


class Limits:
    """Counts the writes of one run after the other, each change once."""

    def __init__(self, store: Store, sync: str, brakes: Brakes) -> None:
        self.store, self.sync, self.brakes = store, sync, brakes
        self.counted: set[str] = set()
        self.links: dict[tuple[str, Op], set[str]] = {}

    def count(self, side: str, op: Op, change: dict[str, Any]) -> None:
        """A write goes out; `change` is its row of the journal. Sent once more it is no further one."""
        if change["id"] not in self.counted:
            self.counted.add(change["id"])
            self.links.setdefault((side, op), set()).add(change["link"])

    def passed(self) -> Iterator[str]:
        """The run is over: where it wrote too much."""
        found, self.links = self.links, {}
        for (side, op), links in found.items():
            allowed = self.brakes.limit(KINDS[op], side).of(max(self._total(side), len(links)))
            asked = links - self._released(side, KINDS[op]) if len(links) > allowed else set()
            if asked:
                yield f"{len(links)} {KINDS[op]} on {side}, the brake allows {allowed}; nobody released {sorted(asked)}"

    def _total(self, side: str) -> int:
        return int(self.store.rows(_TOTAL, of=self.sync, at=side)[0]["n"])

    def _released(self, side: str, kind: str) -> set[str]:
        where = (holds.c.sync == self.sync, holds.c.kind == "brake", holds.c.side == side, holds.c.answer.is_not(None))
        rows = [row for row in self.store.all(holds, *where) if (row["answer"] or {}).get("value") == "release"]
        return {link for row in rows if row["detail"]["kind"] == kind for link, _ in row["detail"]["parts"]}
