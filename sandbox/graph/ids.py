"""Event ids as Exchange hands them out: opaque, case-sensitive, with `/`, `+` and `=` in them, in two forms.

The form for `Prefer: IdType="ImmutableId"` names the item; the default one names its place too and so changes when the
item moves. An occurrence's id cannot be composed from its master's.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from datetime import date

from sandbox.graph.errors import Refusal

_DIGEST = 19
MUTABLE, IMMUTABLE = "AAMkAD", "AAkALg"
_UID = "040000008200E00074C5B7101A82E008"


def item_id(place: str, number: int, day: date | None = None, *, immutable: bool = False) -> str:
    """`place`: the mailbox for the immutable form, mailbox and calendar for the other."""
    item = number.to_bytes(5, "big") + (day.toordinal() if day else 0).to_bytes(4, "big")
    seal = hashlib.blake2b(item, key=place.encode()[:64], digest_size=_DIGEST).digest()
    return (IMMUTABLE if immutable else MUTABLE) + b64encode(seal + item).decode()


def read_id(text: str) -> tuple[bool, int, date | None]:
    """(immutable, number, day) of an id that may be genuine; Refusal (400) for anything else."""
    try:
        raw = b64decode(text[6:], validate=True)
    except ValueError:
        raw = b""
    if text[:6] not in {MUTABLE, IMMUTABLE} or len(raw) != _DIGEST + 9:
        raise Refusal(400, "ErrorInvalidIdMalformed", "Id is malformed.")
    day = int.from_bytes(raw[-4:], "big")
    return text[:6] == IMMUTABLE, int.from_bytes(raw[_DIGEST:-4], "big"), date.fromordinal(day) if day else None


def new_uid(mailbox: str, number: int) -> str:
    """The iCalendar UID of an event made here: a global object id in hexadecimal, eight zeros where the day goes."""
    seal = hashlib.blake2b(number.to_bytes(8, "big"), key=mailbox.encode()[:64], digest_size=24).hexdigest().upper()
    return f"{_UID}00000000{seal}"


def uid_of(uid: str, day: date | None) -> str:
    """The iCalUId of an occurrence: its day goes into the uid of the series."""
    if day is None:
        return uid
    if uid.startswith(f"{_UID}00000000"):
        return f"{_UID}{day.year:04X}{day.month:02X}{day.day:02X}{uid[len(_UID) + 8 :]}"
    return f"{uid}-{day:%Y%m%d}"


def change_key(version: int) -> str:
    """The version of an item as clients see it; the etag is `W/"` + this + `"`."""
    seal = hashlib.blake2b(version.to_bytes(8, "big"), digest_size=10).digest()
    return b64encode(b"\x09\x00\x00\x00\x16\x00" + seal + version.to_bytes(6, "big")).decode()
