"""Values that were read and cannot be told: a word that no table has, a value that a Python lens fails on. Pure.

Their rows count as not read; they wait, with a reason, and nothing is written over them. References that nobody has
linked yet are `refs`' business.
"""

from __future__ import annotations

from typing import Any

from engine.bound import Bound
from engine.canonical import same
from engine.lens import Unread
from engine.linkstate import Copy


def untold(bound: Bound, copy: Copy, shown: dict[str, Any]) -> dict[str, str]:
    """Row -> why, of the rows that are not in `shown`, what `get` made of the record.

    What was settled before, when it could still be told, waits for nothing.
    """
    native, found = copy.native or {}, {}
    for name in bound.rows.keys() - shown.keys():
        row = bound.rows[name]
        told = copy.side not in row.sources or name in bound.references.get(copy.side, ())
        if told or not row.cells[copy.side].read(native):
            continue
        if name in copy.synced and same(copy.synced[name], bound.image(copy.side, name, native)):
            continue
        if why := _why(bound, copy.side, name, native):
            found[name] = why
    return dict(sorted(found.items()))


def _why(bound: Bound, side: str, row: str, native: dict[str, Any]) -> str:
    cell = bound.rows[row].cells[side]
    try:
        cell.lens.get(cell.value(native), bound.context(side, native))
    except Unread as error:
        return str(error)
    return ""
