"""Webhooks: how an app tells that something changed. A call is a ping, never data: it says *look*.

A connector whose app can do that has a `hook`. What proves a call is judged without asking the app, in microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal, Protocol, runtime_checkable

from engine.contract import Json

Look = Mapping[str, Sequence[str]]
"""Object -> ids of records that may have changed; no ids: look at the object; object "": at all of the account.
Empty: nothing has changed (a handshake, a sign of life)."""
ANY: Look = {"": ()}
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

    look: Look = field(default_factory=lambda: ANY)
    """Where to look in the account that the hook belongs to."""
    named: Mapping[str, Look] = field(default_factory=dict)
    """Where to look in accounts that the call names by their ids: one address hears of all that use the app; see
    `Hook.account`."""
    delivery: str | None = None
    """The app's own number of the message: the same again is a repetition, and is only counted."""
    status: int = 200
    answer: str = ""
    """What the app wants to read, as plain text."""
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: str | None = field(default=None, repr=False)
    """The secret that the app has chosen for all calls from now on, and tells by this call."""
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
    """The setting of the connection that holds the secret; none: a random one is made for each hook, which the app may
    answer with one of its own (`Heard.secret`, `Subscription.secret`)."""
    account: Callable[[Mapping[str, str], str], str] = lambda _settings, _label: ""
    """The id by which calls name a connection's account, from its settings (without the secret ones) and from what
    `check` said; needs `secret`, by which connections of the same app know each other."""

    def judge(self, call: Call, *secrets: str) -> Heard:
        """What the call says that one of the secrets proves. Raises Forged, also for one that is signed and
        unreadable."""
        for secret in secrets:
            with suppress(Forged):
                return self._judge(call, secret)
        raise Forged("no secret fits")

    def _judge(self, call: Call, secret: str) -> Heard:
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
    secret: str | None = field(default=None, repr=False)
    """The secret that the app has chosen for its calls, where it tells that in its answer; None: the one it was given,
    or told before. The former one is believed for an hour more, and as long as a former subscription goes on."""


@runtime_checkable
class Hooked(Protocol):
    """A connector whose app makes subscriptions on request: `hook.made` is "by us"."""

    hook: ClassVar[Hook]

    def subscribe(self, obj: str, scope: Json, url: str, secret: str) -> Subscription:
        """Makes one. Doing it again with the same address gives one that works, never two: one whose secret the app
        told only when it was made is ended first."""

    def renew(self, subscription: str, obj: str, scope: Json, url: str, secret: str) -> Subscription:
        """Makes it last longer: the same, or a new one (another id) where the app prolongs none; then the former goes
        on until `unsubscribe`. Raises Missing for one that has ended."""

    def unsubscribe(self, subscription: str) -> None:
        """Ends it; unknown ones are ignored."""
