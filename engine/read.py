"""Step 1, read.

What one side holds now, as a snapshot on disk. Absence is only ever the business of a finished scan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.contract import Connector, CursorExpired, Page, Refused
from engine.snapshot import Note, describe, save


@dataclass(frozen=True)
class Source:
    """Where and how to read one side."""

    side: str
    obj: str
    scope: dict[str, Any]
    cursor: str | None
    """None: read everything."""
    revisit: Sequence[str]
    """Records to look at by id whatever the app lists: missing ones, in-doubt writes, pings."""
    account: str | None
    """The account that was signed in when the side was last read."""
    afresh: bool = False
    """The mapping has changed since the side was last scanned."""
    pings: Sequence[int] = ()
    """What apps told of the side before it is read."""
    retry: bool = False
    """Somebody asked for everything: what an app refused before is tried again."""


def read(
    connector: Connector, source: Source, wanted: frozenset[str], path: Path, beat: Callable[[], None] = lambda: None
) -> Path:
    """Reads changes, or everything where there is no cursor or the app has forgotten it. Raises AppError.

    `beat` is called at every page, so that a long read keeps its lease.
    """
    sent = connector.requests
    account = source.account
    if source.cursor is None or account is None:
        account = _account(connector, source)
    kind = "changes" if source.cursor else "scan"
    note = Note(source.side, kind, None, account, afresh=source.afresh, pings=source.pings, retry=source.retry)
    try:
        save(path, _pages(connector, source, note, beat), wanted, note)
    except CursorExpired:  # perhaps because it was another account's
        note.account = _account(connector, source)
        note.kind, note.cursor = "scan", None
        save(path, _pages(connector, source, note, beat), wanted, note)
    note.requests = connector.requests - sent
    describe(path, note)
    return path


def _account(connector: Connector, source: Source) -> str:
    """Who is signed in. Raises Refused where that is not who it was: its records would all look deleted."""
    account = connector.check()
    if source.account is not None and account != source.account:
        raise Refused(
            f"{source.side} is now signed in as {account}, before it was {source.account}. "
            "Connect the former account again, or make a new sync for this one."
        )
    return account


def look(connector: Connector, source: Source, wanted: frozenset[str], path: Path) -> Path:
    """Reads just the records to revisit, by id."""
    sent = connector.requests
    note = Note(source.side, "get", None, source.account or "")
    save(path, _looks(connector, source), wanted, note)
    note.requests = connector.requests - sent
    describe(path, note)
    return path


def _pages(connector: Connector, source: Source, note: Note, beat: Callable[[], None]) -> Iterator[tuple[Page, bool]]:
    if note.kind == "changes" and source.cursor:
        pages = connector.changes(source.obj, source.scope, source.cursor)
    else:
        pages = connector.scan(source.obj, source.scope)
    for page in pages:
        beat()
        yield page, False
    yield from _looks(connector, source)


def _looks(connector: Connector, source: Source) -> Iterator[tuple[Page, bool]]:
    if source.revisit:
        yield Page(list(connector.get(source.obj, source.scope, source.revisit))), True
