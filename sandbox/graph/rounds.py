"""Delta rounds over one folder: first everything in it, then what changed."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace

from sandbox.graph.shelf import Shelf
from sandbox.table import Row


@dataclass(frozen=True, slots=True)
class Round:
    """Where a client stands. It is the token itself, so the server keeps nothing per client.

    `place`: up to which change it was told; `until`: the last change when the round began, what comes later is told in
    the next one. `select` and `expand` are the options of the first request.
    """

    salt: str
    folder: str
    first: bool
    place: int
    until: int
    select: str
    expand: str

    def token(self) -> str:
        return urlsafe_b64encode(json.dumps(astuple(self)).encode()).decode().rstrip("=")


def read_token(text: str) -> Round | None:
    """The round of a token, None when it cannot be one."""
    try:
        return Round(*json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4))))
    except (TypeError, ValueError):
        return None


def page(shelf: Shelf, position: Round, size: int) -> tuple[list[Row], Round, bool]:
    """(rows, where to go on, whether the round is over). A row that is not in the folder (any more) was removed."""
    rows: list[Row] = []
    for row in _told(shelf, position):
        if len(rows) >= size:
            return rows, replace(position, place=rows[-1].sequence), False
        rows.append(row)
    return rows, replace(position, first=False, place=position.until), True


def removed(row: Row, folder: str) -> bool:
    return row.gone or row.data["folder"] != folder


def _told(shelf: Shelf, position: Round) -> Iterator[Row]:
    for row in shelf.table.since(position.place):
        here = position.folder in {row.data["folder"], *row.data["former"]}
        if row.sequence <= position.until and here and not (position.first and removed(row, position.folder)):
            yield row
