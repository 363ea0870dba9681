"""Where snapshots are kept: a folder, or any location that fsspec knows (`s3://bucket/snapshots`)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from engine.snapshot import SnapshotError, reached, shown

SETTING = "SYNCLINE_SNAPSHOTS"
REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
BUCKETS = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oci"})
"""Stores without folders: making one there could make a whole bucket, of a name that was only mistyped."""
TIMES = ("mtime", "LastModified", "last_modified", "modified", "updated", "created")
"""What the libraries of stores call the time of a file; most stores have none of folders."""


@dataclass(frozen=True)
class File:
    """A file somewhere below a folder."""

    path: Path
    parts: tuple[str, ...]
    """Its place below that folder."""
    written: float
    """POSIX seconds."""


def place(location: str) -> Path:
    """The folder of that location. One that is no plain path gets what acts as a Path. Raises SnapshotError."""
    if not REMOTE.match(location):
        return Path(location)
    from fsspec import get_filesystem_class  # neither is imported for plain folders: an idle run is to stay cheap
    from upath import UPath

    protocol = location.partition("://")[0]
    try:
        get_filesystem_class(protocol)
        return cast("Path", UPath(location))
    except ImportError as error:
        raise SnapshotError(_missing(location, error)) from None
    except ValueError as error:
        raise SnapshotError(
            f"{SETTING}={shown(location)} is no location that can be used: {str(error).rstrip('.')}. Take a folder "
            "that all machines reach, or a location such as s3://bucket/snapshots, gs://... or abfs://..."
        ) from None


def folder(location: str, *names: str) -> Path:
    """A folder below that location, made where such a thing has to be. Raises SnapshotError."""
    found = place(location).joinpath(*names)
    if not isinstance(found, Path) and found.protocol not in BUCKETS:
        with reached(found):
            found.mkdir(parents=True, exist_ok=True)
    return found


@cache
def ready(location: str) -> None:
    """Tries a location, once in a process; plain folders speak for themselves. Raises SnapshotError."""
    if not isinstance(place(location), Path):
        prove(location)


def prove(location: str) -> None:
    """Writes a file there, reads it and removes it. Raises SnapshotError; OSError for plain folders."""
    there = folder(location)
    if isinstance(there, Path):
        there.mkdir(parents=True, exist_ok=True)
    mark = there / f".try-{uuid4().hex}"
    with reached(there):
        mark.write_bytes(b"Syncline tries whether it can write here.")
        try:
            mark.read_bytes()
        finally:
            mark.unlink()


def files(below: Path) -> list[File]:
    """All files below a folder, at any depth, as one listing. Raises SnapshotError, OSError."""
    if isinstance(below, Path):
        found = [one for one in below.rglob("*") if one.is_file()]
        return [File(one, one.relative_to(below).parts, one.stat().st_mtime) for one in found]
    remote = cast("Any", below)
    top = remote.path.strip("/")
    with reached(below):
        store = remote.fs
        store.invalidate_cache()  # other machines write there, too
        try:
            listed: Mapping[str, Mapping[str, Any]] = store.find(remote.path, detail=True)
        except FileNotFoundError:
            return []
    places = [tuple(name.strip("/").removeprefix(top).strip("/").split("/")) for name in listed]
    times = map(_time, listed.values())
    return [File(below.joinpath(*parts), parts, time) for parts, time in zip(places, times, strict=True)]


def remove(folders: Iterable[Path]) -> None:
    """Removes folders with all that is in them. Raises SnapshotError; plain ones that resist are left."""
    found = list(folders)
    for one in found:
        if isinstance(one, Path):
            shutil.rmtree(one, ignore_errors=True)
    if remote := [cast("Any", one) for one in found if not isinstance(one, Path)]:
        with reached(remote[0]):
            remote[0].fs.rm([one.path for one in remote], recursive=True)


def _missing(location: str, error: ImportError) -> str:
    cause = error if error.name else error.__cause__
    package = (getattr(cause, "name", None) or "").partition(".")[0]
    what = f"the package {package}, which is not installed" if package else str(error)
    todo = f"Run: pip install {package} (on every machine that runs syncs)" if package else "Install it"
    return f"{SETTING}={shown(location)} needs {what}. {todo}, or set {SETTING} to a folder that all machines reach."


def _time(about: Mapping[str, Any]) -> float:
    """POSIX seconds; what has no time counts as new, so that it is kept."""
    found = next((about[name] for name in TIMES if about.get(name)), None)
    if isinstance(found, str):
        found = datetime.fromisoformat(found)
    if isinstance(found, datetime):
        return found.timestamp()
    return float(found) if found is not None else float("inf")
