"""Any error as one sentence for people: what, where, why, what next."""

from __future__ import annotations

import errno
import sqlite3

AGAIN = "Run the command again: what was settled before is not lost."


def explain(error: BaseException) -> str:
    """Our own errors speak for themselves; those of the system and the database are put in words here."""
    if isinstance(error, BaseExceptionGroup):
        return explain(error.exceptions[0])
    if _speaks(error):
        return str(error)
    if isinstance(error, OSError):
        return _system(error)
    if isinstance(error, sqlite3.Error) or type(error).__module__.startswith("sqlalchemy."):
        return _database(error)
    return (
        f"Something unexpected happened ({type(error).__name__}: {_first_line(error)}). This is a defect of Syncline: "
        "set SYNCLINE_DEBUG=1 to see where, and please report it. Nothing is lost; a later run goes on."
    )


def _speaks(error: BaseException) -> bool:
    """Errors of our own packages carry whole sentences."""
    return type(error).__module__.split(".")[0] in ("engine", "connectors", "flows", "syncline")


def _system(error: OSError) -> str:
    where = f" {error.filename}" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full:{where or ' a file'} could not be written. Free some space. {AGAIN}"
    if isinstance(error, PermissionError):
        return f"You may not use{where or ' a file'}. Change its permissions or run as its owner."
    if isinstance(error, FileNotFoundError):
        return f"There is no file{where}. Check the path."
    return f"The system refused to work on{where or ' a file'}: {error.strerror or _first_line(error)}."


def _database(error: BaseException) -> str:
    reason = _first_line(getattr(error, "orig", None) or error)
    if any(words in reason for words in ("not a database", "malformed", "disk image")):
        return (
            f"The state file is damaged ({reason}). Put a backup in its place, or run: syncline rebuild NAME. "
            "It sets the file aside and links the existing records anew."
        )
    if "locked" in reason:
        return f"The state is busy: another Syncline process writes to it ({reason}). Wait for it, then try again."
    if "full" in reason or "I/O error" in reason or "No space" in reason:
        return f"The state could not be written ({reason}): the disk is full or broken. Free some space. {AGAIN}"
    return f"The state cannot be used: {reason}. Check SYNCLINE_STATE_URL and that its database runs. {AGAIN}"


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].strip().rstrip(".") if lines else type(error).__name__
