"""A snapshot: the Parquet file of what one run read from one side, and a note beside it that says how it was read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import polars as pl

from engine.canonical import digest, dumps, pick
from engine.contract import Page, Record

SCHEMA = {
    "id": pl.String,
    "version": pl.String,
    "changed_at": pl.String,  # ISO 8601, UTC
    "created_at": pl.String,
    "changed_by": pl.String,
    "gone": pl.Boolean,
    "merged_into": pl.String,  # the record that one which is gone is part of now
    "looked": pl.Boolean,  # read by id only, not from the app's own list: its absence is no proof
    "asked": pl.Boolean,  # read by id, listed or not
    "digest": pl.String,  # of `data`
    "data": pl.String,  # canonical JSON of the wanted native fields
}


class SnapshotError(Exception):
    """Snapshots cannot be kept or read where they are to be. The message says where, why, and what to do."""


@dataclass
class Note:
    """How a snapshot was read."""

    side: str
    kind: str
    """scan | changes | get."""
    cursor: str | None
    """Where to go on from, once this is ingested."""
    account: str
    records: int = 0
    requests: int = 0
    afresh: bool = False
    """The mapping has changed since the last scan: every record is judged, keyed and merged anew."""
    retry: bool = False
    """Everything was asked for, not only what changed."""
    error: str = ""
    """Why the side could not be read; the snapshot then says nothing."""
    pings: Sequence[int] = ()
    """The pings that were there before the side was read, and are answered by this."""


def save(path: Path, pages: Iterable[tuple[Page, bool]], wanted: frozenset[str], note: Note) -> Path:
    """Writes pages (and whether they were read by id) as they come; the last of several rows of one record counts.

    The note's count and cursor are filled in. Without any record there is no file but the note.
    """
    frames: list[pl.DataFrame] = []
    for page, looked in pages:
        note.cursor = page.cursor or note.cursor
        if page.records:
            rows = [_row(record, looked, wanted) for record in page.records]
            frames.append(pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    if frames:
        frame = _once(pl.concat(frames))
        note.records = frame.height
        packed = BytesIO()
        frame.write_parquet(packed, compression="zstd")
        _write(path, packed.getvalue())  # by Python: a full disk is then an OSError, not a flaw of the format
    return path


def _once(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per record, the last. What the app's own list says of it, a tombstone too, no look makes less sure."""
    if frame.get_column("id").n_unique() == frame.height:
        return frame
    listed = (~pl.col("looked")).any().over("id", "gone")
    frame = frame.with_columns(looked=pl.col("looked") & ~listed, asked=pl.col("looked").any().over("id"))
    return frame.unique("id", keep="last", maintain_order=True)


def describe(path: Path, note: Note) -> None:
    """Writes the note beside the snapshot."""
    _write(path.with_suffix(".json"), dumps(vars(note)).encode())


def note_of(path: Path) -> Note:
    """The note of a snapshot. Raises SnapshotError, OSError."""
    with reached(path):
        return Note(**json.loads(path.with_suffix(".json").read_bytes()))


def frame_of(path: Path) -> pl.DataFrame:
    """The rows of a snapshot; none where there is no file. Raises SnapshotError, OSError."""
    with reached(path):
        try:
            packed = path.read_bytes()
        except FileNotFoundError:
            if note_of(path).records:  # a shared place that lags behind: without them all would look deleted
                raise
            return pl.DataFrame(schema=SCHEMA)
    return pl.read_parquet(BytesIO(packed))


@contextmanager
def reached(path: Path) -> Iterator[None]:
    """Each library of a store has errors of its own: they become a SnapshotError. Those of plain files stay OSErrors.

    What is no plain file acts as a Path, but is none.
    """
    try:
        yield
    except Exception as error:
        if isinstance(path, Path):
            raise
        reason = (str(error).strip().splitlines() or [""])[0].rstrip(".")
        raise SnapshotError(
            f"Snapshots cannot be kept or read at {shown(str(path))}: {type(error).__name__}: {reason}. "
            "Check SYNCLINE_SNAPSHOTS, that the place is there, and that this machine may write to it: syncline doctor"
        ) from error


def shown(location: str) -> str:
    """A location without its password."""
    return re.sub(r"(://[^/@:]*):[^/@]*@", r"\1:***@", location)


def _write(path: Path, data: bytes) -> None:
    with reached(path):
        if isinstance(path, Path):
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _row(record: Record, looked: bool, wanted: frozenset[str]) -> tuple[object, ...]:
    data = pick(record.data, wanted)
    changed, created = (at.isoformat() if at else None for at in (record.changed_at, record.created_at))
    told = (record.version, changed, created, record.changed_by)
    return record.id, *told, record.gone, record.merged_into, looked, looked, digest(data), dumps(data)
