"""What proves that a call comes from the app: an HMAC over what was sent, or a secret that comes back.

Proofs are judged in constant time, and nothing is read of a body before its proof holds. A hook without a secret hears
nobody: an HMAC with an empty key could be made by anyone.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from connectors.hook import Call, Forged, Hear, Heard

TOLERANCE = timedelta(minutes=5)
"""How far the time in a signature may be from ours; what is older is a replay."""
LONGEST = 2000
"""Characters of what is given back to an app in a handshake, or kept of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """An HMAC-SHA256 in a header."""

    header: str
    """In lower case."""
    form: Literal["base64", "hex"] = "base64"
    prefix: str = ""
    over: Callable[[Call], bytes] = lambda call: call.body
    """What is signed."""
    key: Callable[[str], bytes] = str.encode
    """The key, made of the secret as people see it."""

    def check(self, call: Call, secret: str) -> str:
        """The signature, which tells this message from others. Raises Forged."""
        given, key = call.headers.get(self.header, ""), self.key(secret)
        if not key or not same(given, f"{self.prefix}{digest(key, self.over(call), self.form)}"):
            raise Forged("the signature does not fit")
        return given


@dataclass(frozen=True, slots=True)
class Stamped:
    """`t=<Unix time>,v1=<hex>` in a header, signed over the time, a full stop and the body; there may be several v1."""

    header: str

    def check(self, call: Call, secret: str) -> str:
        """The header. Raises Forged, also for a time that is too far away."""
        given = call.headers.get(self.header, "")
        parts = [part.strip().partition("=") for part in given.split(",")]
        times = [value for name, _, value in parts if name == "t"]
        if not secret or len(times) != 1:
            raise Forged("there is no signature")
        expected = digest(secret.encode(), f"{times[0]}.".encode() + call.body, "hex")
        if not any(same(value, expected) for name, _, value in parts if name == "v1"):
            raise Forged("the signature does not fit")
        recent(call, int(times[0]))
        return given


def signed(scheme: Signed | Stamped, heard: Callable[[Call, str], Heard]) -> Hear:
    """Checks the signature, and only then lets `heard` read the call; it is given the signature, too."""
    return lambda call, secret: heard(call, scheme.check(call, secret))


def digest(key: bytes, message: bytes, form: str = "base64") -> str:
    """HMAC-SHA256, as text."""
    made = hmac.new(key, message, hashlib.sha256)
    return made.hexdigest() if form == "hex" else b64encode(made.digest()).decode()


def same(given: object, expected: str) -> bool:
    """Whether both are the same text, told in constant time; nothing is the same as no text."""
    return bool(expected) and hmac.compare_digest(
        str(given).encode(errors="replace"), expected.encode(errors="replace")
    )


def recent(call: Call, seconds: float) -> None:
    """Raises Forged where the message says that it was sent at another time; `seconds` is Unix time."""
    if not abs(call.at.timestamp() - seconds) <= TOLERANCE.total_seconds():
        raise Forged("the message was sent at another time")


def body(call: Call) -> Any:
    """The JSON of the body. Raises ValueError or RecursionError, which `Hook.judge` knows."""
    return json.loads(call.body)


def named(pairs: Iterable[tuple[str | None, object]]) -> Mapping[str, Sequence[str]]:
    """(object, id of a record) as `Heard.look` has them. Object None: none of ours; id None: look at the object."""
    found: dict[str, dict[str, None]] = {}
    whole: set[str] = set()
    for obj, id in pairs:
        if obj is not None:
            found.setdefault(obj, {})
            if id is None:
                whole.add(obj)
            else:
                found[obj][str(id)] = None
    return {obj: () if obj in whole else tuple(ids) for obj, ids in found.items()}


def told(triples: Iterable[tuple[object, str | None, object]], delivery: str | None) -> Heard:
    """What a call says of (account, object, id of a record), the latter two as in `named`; no account: the hook's
    own."""
    found: dict[str, list[tuple[str | None, object]]] = {"": []}
    for account, obj, id in triples:
        found.setdefault(str(account or ""), []).append((obj, id))
    looks = {account: named(pairs) for account, pairs in found.items()}
    return Heard(look=looks.pop(""), named=looks, delivery=delivery)


def offered(text: object) -> str:
    """What an app wants to have back or to be kept, if it is fit for that. Raises Forged."""
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST or not text.isascii() or not text.isprintable():
        raise Forged("that cannot be given back")
    return text
