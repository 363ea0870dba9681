"""What the database complains about, as one sentence for people: which state, why, and what to do next."""

from __future__ import annotations

from sqlalchemy import URL

ADVICE: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("not a database", "malformed", "disk image"),
        "The file is damaged: put a backup in its place, or run: syncline rebuild NAME. "
        "It sets the file aside and links the existing records anew.",
    ),
    (
        ("readonly", "read-only", "unable to open", "Permission denied", "denied"),
        "Syncline must be able to write there: change the permissions, or name another place in SYNCLINE_STATE_URL.",
    ),
    (
        ("is locked", "is busy", "deadlock", "lock timeout"),
        "Another process writes to it: wait for it, then run the command again. Nothing is lost.",
    ),
    (
        ("full", "No space", "I/O error"),
        "Free some space, then run the command again. What was settled before is not lost.",
    ),
    (
        ("authentication", "does not exist", "Could not parse", "Can't load plugin", "No module named"),
        "Correct SYNCLINE_STATE_URL: sqlite:///path, or postgresql://user:password@host/name.",
    ),
)
"""Words of SQLite, PostgreSQL and the system, and what helps; the first that fits."""
ELSE = (
    "Check that its database runs and that SYNCLINE_STATE_URL is right, then run the command again. "
    "What was settled before is not lost."
)


def sentence(error: BaseException, url: URL | str) -> str:
    """`error` as the driver, SQLAlchemy or the system raised it; a password in the address is not shown."""
    place = url if isinstance(url, str) else url.render_as_string(hide_password=True)
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    reason = lines[0].strip().rstrip(".:") if lines else type(error).__name__
    advice = next((said for words, said in ADVICE if any(word in reason for word in words)), ELSE)
    return f"The state at {place} cannot be used: {reason}. {advice}"
