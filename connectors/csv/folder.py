"""The folder: which files are there, reading one whole, and replacing one at a stroke."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.csv import book, text
from connectors.csv.sheet import Sheet
from engine.contract import Refused, Stale, Transient

ENDINGS = (".csv", ".tsv", ".txt", ".xlsx")


class Folder:
    """Files are named without their ending."""

    def __init__(self, path: Path, encoding: str) -> None:
        if not path.is_absolute():
            raise Refused(f"folder must be a whole path, for runs begin anywhere: folder={path.absolute()}")
        self.path = path
        self.reads = 0
        self._encoding = encoding

    def names(self) -> list[str]:
        """What is there. Refused where the folder is not: a share that is not mounted must not look like deletions."""
        if not self.path.is_dir():
            raise Refused(f"There is no folder {self.path}. Is the share mounted? Check the setting folder.")
        return sorted(one.stem for one in self.path.iterdir() if one.suffix in ENDINGS and one.name[0] not in ".~")

    def file(self, name: str) -> Path:
        """The one file of that name."""
        found = [one for one in self.path.iterdir() if one.stem == name] if name in self.names() else []
        found = [one for one in found if one.suffix in ENDINGS and one.name[0] not in ".~"]
        if not found:
            raise Refused(f"{self.path} has no file {name}. It has: {', '.join(self.names()) or 'none'}.")
        if len(found) > 1:
            raise Refused(f"{self.path} has {', '.join(sorted(one.name for one in found))}: which one is {name}?")
        return found[0].resolve()

    def read(self, path: Path) -> bytes:
        """Transient where the file changes while it is read."""
        self.reads += 1
        try:
            before = mark(path)
            data = path.read_bytes()
            if mark(path) != before:
                raise Transient(f"{path.name} was changed while it was read.", landed=False)
        except PermissionError as error:
            raise Refused(f"{path} may not be read. Check its rights.") from error
        except OSError as error:
            raise Transient(f"{path} cannot be read: {error.strerror}.", landed=False) from error
        return data

    def parsed(self, path: Path, data: bytes, title: str) -> Sheet:
        """The table in the file."""
        if path.suffix == ".xlsx":
            return book.load(data, path.name, title)
        return text.load(data, path.name, self._encoding)

    @contextmanager
    def lock(self, path: Path) -> Iterator[None]:
        """One writer of ours at a time; Transient while a program has the file open."""
        for name in (f"~${path.name}", f".~lock.{path.name}#"):
            if (path.parent / name).exists():
                raise Transient(f"{path.name} is open in a program: close it there. It is tried again.", landed=False)
        try:
            with (path.parent / f".{path.name}.lock").open("w") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                yield
        except PermissionError as error:
            raise Refused(f"{path.parent} may not be written. Check its rights.") from error

    def replace(self, path: Path, data: bytes, before: tuple[int, ...]) -> None:
        """The new file stands there whole, or the old one does. Stale where somebody changed it since `before`."""
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            shutil.copymode(path, name)
            if mark(path) != before:
                raise Stale(f"{path.name} was changed meanwhile.")
            Path(name).replace(path)
        except OSError as error:
            raise Transient(f"{path} cannot be written: {error.strerror}.", landed=False) from error
        finally:
            Path(name).unlink(missing_ok=True)
        _settle(path.parent)


def mark(path: Path) -> tuple[int, ...]:
    """Tells one state of a file from another."""
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _settle(folder: Path) -> None:
    """The new name survives a power cut too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
