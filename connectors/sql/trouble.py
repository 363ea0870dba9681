"""What a database's error means, in the contract's words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError

from engine.contract import AppError, AuthExpired, Invalid, Refused, Transient

Columns = Mapping[str, str]
"""Name of a constraint -> the column it is about."""
_SQLITE = re.compile(r"(?:UNIQUE|NOT NULL) constraint failed: (?:[^.]+\.)?([^.,]+)")
_STATES = {  # SQLSTATE, PostgreSQL's appendix A
    "23502": "a value is required",
    "23503": "it refers to a row that is not there, or other rows refer to it",
    "23505": "another row has this value already",
    "23514": "a check of the table refuses it",
    "22001": "the text is too long",
    "22003": "the number is too large",
}


def named(error: SQLAlchemyError, where: str, secret: str) -> AppError:
    """The error of a connection or of a whole transaction."""
    told = f"{where}: {_said(error, secret)}"
    if not isinstance(error, DBAPIError):
        wanted = "a driver is missing" if isinstance(error, NoSuchModuleError) else "it cannot be used like this"
        return Refused(f"{told}: {wanted}.")
    state, low = _state(error), str(error.orig).lower()
    if state in ("28000", "28P01") or (not state and ("password" in low or "no pg_hba.conf entry" in low)):
        return AuthExpired(f"{told}. Check username and password, and connect again.")
    if state in ("42501", "25006") or "readonly" in low:
        return Refused(f"{told}. Give the account the right to do this.")
    if state[:2] in ("3D", "42") or any(word in low for word in _WRONG):
        return Refused(f"{told}. Check url and the mapping's objects.")
    return Transient(f"{told}. It is tried again later.", landed=False)


_WRONG = ("does not exist", "no such", "not a database", "malformed", "unable to open", "failed to resolve host")


def refused(error: DBAPIError, where: str, constraints: Columns) -> AppError | None:
    """Why this one row is not accepted; None where it is the whole transaction's trouble."""
    state, said = _state(error), str(error.orig)
    if state[:2] in ("22", "23") or state in ("428C9", "44000", "P0001"):
        detail = error.orig.diag if error.orig is not None and hasattr(error.orig, "diag") else None
        name = getattr(detail, "constraint_name", None) or ""
        field = getattr(detail, "column_name", None) or constraints.get(name)
        why = _STATES.get(state) or getattr(detail, "message_primary", None) or "it is refused"
        return Invalid(f"{where} does not take the row: {field or name or 'a value'}: {why}.", field=field)
    if "constraint failed" in said or type(error.orig).__name__ in ("IntegrityError", "DataError"):
        found = _SQLITE.search(said)
        field = found.group(1) if found else constraints.get(said.rpartition(": ")[2])
        return Invalid(f"{where} does not take the row: {said}.", field=field)
    return None


def _state(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "")


def _said(error: SQLAlchemyError, secret: str) -> str:
    """The database's own first line, without the statement (it holds the values) and without the password."""
    text = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    line = (text.splitlines() or [type(error).__name__])[0].rstrip(". ")
    return line.replace(secret, "***") if secret else line
