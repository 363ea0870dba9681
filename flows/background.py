"""A program that outlives the command that started it: found again by a pid file, ended by its pid."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """One that was started. Pids are used again: `mark` is a word of its command line that tells it from others."""

    pid: int
    mark: str

    @property
    def lives(self) -> bool:
        """Whether it still runs."""
        with suppress(OSError):  # not our child
            os.waitpid(self.pid, os.WNOHANG)  # a child that has ended is gone once it was asked for
        try:
            os.kill(self.pid, 0)
        except OSError:
            return False
        return not _ended(self.pid)

    @property
    def is_ours(self) -> bool:
        """Whether the process of that pid is the one that was started."""
        return self.lives and self.mark in _words(self.pid)

    def end(self) -> None:
        """Asks it to stop, and makes it after ten seconds."""
        for number, patience in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)):
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)
            until = time.monotonic() + patience
            while self.lives and time.monotonic() < until:
                time.sleep(0.05)
            if not self.lives:
                return


class Background:
    """A named place for one such program: HOME/NAME.json says which process it is, HOME/NAME.log what it said."""

    def __init__(self, home: Path, name: str) -> None:
        self.log = home / f"{name}.log"
        self._file = home / f"{name}.json"

    def running(self) -> Process | None:
        """The process; a file that is broken, or of a process that is dead or another's, counts for nothing."""
        found = self.last()
        return found if found is not None and found.is_ours else None

    def last(self) -> Process | None:
        """The process that was started last, whatever has become of it; None where it was ended by us."""
        try:
            return Process(**json.loads(self._file.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def start(self, command: Sequence[str], mark: str, extra: Mapping[str, str]) -> Process:
        """Starts it, with more environment; it is on record before this returns."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            child = subprocess.Popen(  # noqa: S603 - our own command line
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **extra},
                start_new_session=True,  # so that Ctrl-C in the terminal ends the command, not the program
            )
        child.returncode = 0  # it outlives us on purpose: no warning about that
        started = Process(child.pid, mark)
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps(asdict(started)), encoding="utf-8")
        draft.replace(self._file)
        return started

    def end(self) -> bool:
        """Ends it; whether it ran."""
        found = self.running()
        if found is not None:
            found.end()
        self._file.unlink(missing_ok=True)
        return found is not None

    def last_words(self) -> str:
        """The last line of its log."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        lines = text.strip().splitlines()
        return lines[-1].strip() if lines else "it said nothing"


def _ended(pid: int) -> bool:
    """Whether it has ended and only waits for its parent, which is another process, to ask for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(") ")[2][:1] == "Z"
    except OSError:
        return False


def _words(pid: int) -> list[str]:
    """The command line of a process; while it is being started there may be none yet."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    except OSError:
        if Path("/proc/self").exists():
            return []
        said = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607
        return said.stdout.split()
