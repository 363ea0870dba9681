"""Log lines that say which run and which record they belong to."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_run: ContextVar[tuple[str, str] | None] = ContextVar("run", default=None)
OURS = ("engine", "connectors", "flows")
IDS = ("side", "link", "record", "op")
"""What a line may carry as `extra`, besides the sync and the run that it was written in."""


@contextmanager
def within(sync: str, run: str) -> Iterator[None]:
    """Lines written here belong to this run; threads that inherit the context write such lines too."""
    token = _run.set((sync, run))
    try:
        yield
    finally:
        _run.reset(token)


def printed(level: str, form: str) -> None:
    """What a process prints that is no command of ours (a worker's, a flow run's) as the settings ask.

    Prefect prints there, and makes its handlers anew in each such process.
    """
    if level == "DEBUG":
        for name in OURS:
            logging.getLogger(name).setLevel(level)
    if form == "json":
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler):
                handler.setFormatter(Lines())


class Lines(logging.Formatter):
    """One JSON object a line: at (UTC), level, logger, message, and what is known of sync, run, side, link, record."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        found = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **dict(zip(("sync", "run"), _run.get() or (), strict=False)),
            **{name: getattr(record, name) for name in IDS if getattr(record, name, None) is not None},
        }
        if record.exc_info:
            found["error"] = self.formatException(record.exc_info)
        return json.dumps(found, ensure_ascii=False, default=str)
