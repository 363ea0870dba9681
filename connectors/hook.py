"""Webhooks: how an app tells that something changed. A call is a ping, never data: it says *look*.

A connector whose app can do that has a `hook`. What proves a call is judged without asking the app, in microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal, Protocol, runtime_checkable

from engine.contract import Json

ANY: Mapping[str, Sequence[str]] = {"": ()}
"""Anything of the account may have changed."""


class Forged(Exception):
    """The call does not prove that it comes from the app: nothing of it is kept. The message holds nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a hook's address, as it came."""

    method: str
    url: str
    """The whole address as the app knows it (some sign it), with its query."""
    headers: Mapping[str, str]
    """By lower-case name."""
    query: Mapping[str, str]
    body: bytes
    at: datetime
    """When it came (aware)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a call says that has proved itself."""

    look: Mapping[str, Sequence[str]] = field(default_factory=lambda: ANY)
    """Object -> ids of records that may have changed; no ids: look at the object; object "": at all of the account.
    Empty: nothing has changed (a handshake, a sign of life)."""
    delivery: str | None = None
    """The app's own number of the message: the same again is a repetition, and is only counted."""
    status: int = 200
    answer: str = ""
    """What the app wants to read, as plain text."""
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: str | None = None
    """The secret that the app has chosen for all calls from now on."""
    renew: bool = False
    """The app says that the subscription ends or was ended: renew it now, not when its time comes."""


Hear = Callable[[Call, str], Heard]
"""Judges a call by the secret of its hook. Raises Forged; what is not written as the app writes it may raise whatever
reading it raises."""
_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """How an app's calls come about and what proves them."""

    hear: Hear
    made: Literal["by us", "by hand"] = "by us"
    """By hand: a person enters the address among the app's settings, as `steps` tells."""
    steps: str = ""
    covers: Literal["scope", "object", "account"] = "scope"
    """What one subscription tells of: one place of a side (a calendar, a folder), one object, or all of the account."""
    secret: str = ""
    """The setting of the connection that holds the secret; none: a random one is made for each hook."""

    def judge(self, call: Call, secret: str) -> Heard:
        """What the call says. Raises Forged, also for one that is signed and unreadable."""
        try:
            return self.hear(call, secret)
        except _UNREADABLE as error:
            raise Forged("the message cannot be read") from error


@dataclass(frozen=True, slots=True)
class Subscription:
    """What the app keeps of a hook."""

    id: str
    until: datetime | None
    """When it ends, or is to be looked after (aware)."""


@runtime_checkable
class Hooked(Protocol):
    """A connector whose app makes subscriptions on request: `hook.made` is "by us"."""

    hook: ClassVar[Hook]

    def subscribe(self, obj: str, scope: Json, url: str, secret: str) -> Subscription:
        """Makes one. Doing it again with the same address gives one that works, never two."""

    def renew(self, subscription: str, obj: str, scope: Json, url: str, secret: str) -> Subscription:
        """Makes it last longer: the same, or a new one (another id) where the app prolongs none; then the former goes
        on until `unsubscribe`. Raises Missing for one that has ended."""

    def unsubscribe(self, subscription: str) -> None:
        """Ends it; unknown ones are ignored."""
