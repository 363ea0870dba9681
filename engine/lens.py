"""A lens: a two-way value transform with two laws.

`put(get(a), a) == a` - a value nobody edited comes back as the original; and `get(put(s, a))` is a fixed point -
what a side made of a value stays what it is on every later pass. `Chain` composes lenses; `Refusal` is how a lens
says that a side cannot hold a value without changing its meaning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.canonical import same


class Refusal(Exception):
    """The side cannot hold this value. The message says why, for the person who finds the hold."""

    row: str = ""
    """The row of the mapping, set by whoever knows it."""


class Waits(Refusal):
    """The side cannot hold it yet, for another record is not there: the row comes later, and nothing is wrong."""


class Unread(Exception):
    """The value cannot be told yet: the row counts as not read."""


class References(Protocol):
    """What the ids of other records on one side stand for."""

    def entity(self, obj: str, native: str) -> str | None:
        """What the id of a record of that object stands for; None while no sync has linked it."""

    def native(self, obj: str, entity: str) -> str:
        """The id of the entity on this side. Raises Waits."""


class Lookup(Protocol):
    """The references of every side."""

    def at(self, side: str) -> References:
        """Those of one side."""


class Literal:
    """References as they are, where there is no state to look them up in: examples, proofs."""

    def at(self, side: str) -> References:  # noqa: ARG002 - the protocol's
        """The same for all."""
        return self

    def entity(self, obj: str, native: str) -> str | None:  # noqa: ARG002 - the protocol's
        """The id itself."""
        return native

    def native(self, obj: str, entity: str) -> str:  # noqa: ARG002 - the protocol's
        """The entity itself."""
        return entity


@dataclass(slots=True)
class Context:
    """What a lens may look at besides its own value."""

    means: Mapping[str, str]
    """Vocabulary entry -> native field name, of this side: `{"meeting.start": "dtstart"}`."""
    native: Mapping[str, Any]
    """The native record: as read (get), or as it will be once the rows before this one are written (put)."""
    shared: Mapping[str, Any] = field(default_factory=dict)
    """put only: the whole shared record, by vocabulary entry: `{"meeting.repeat": {...}}`."""
    zone: str = "UTC"
    """IANA zone in which the side shows times that carry none."""
    horizon: str = "2040-12-31"
    """Last date (ISO) to which an endless rule is expanded where a side cannot hold the rule itself."""
    refs: References = field(default_factory=Literal)
    """What references to other records stand for."""
    notes: list[str] = field(default_factory=list)
    """put only: what a person should know: "repeat rule expanded to 36 cancelled days"."""

    def value(self, means: str) -> Any:
        """The native value of the field with this meaning, or None."""
        name = self.means.get(means)
        return None if name is None else self.native.get(name)


class Lens(Protocol):
    """Pure and deterministic; None stands for empty on both ends."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Vocabulary entries of the native fields it looks at besides its own (`meeting.start`)."""

    def get(self, native: Any, context: Context) -> Any:
        """Native to shared."""

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        """Shared to native, keeping of `old` (None for a new record) whatever the shared value does not speak of."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Lenses in sequence, native side first."""

    lenses: Sequence[Lens]

    @property
    def reads(self) -> tuple[str, ...]:
        return tuple(name for lens in self.lenses for name in lens.reads)

    def get(self, native: Any, context: Context) -> Any:
        for lens in self.lenses:
            native = lens.get(native, context)
        return native

    @property
    def klass(self) -> str:
        """The weakest of its lenses: exact, stable or one-way."""
        found = {getattr(lens, "klass", "stable") for lens in self.lenses}
        return next((name for name in ("one-way", "stable") if name in found), "exact")

    @property
    def part(self) -> bool:
        """Whether it owns only a part of the native value: other rows may have the rest."""
        return any(getattr(lens, "part", False) for lens in self.lenses)

    @property
    def converts(self) -> bool:
        """Whether a side shows a value in terms of its own, such as its currency, that mean the same."""
        return any(getattr(lens, "converts", False) for lens in self.lenses)

    @property
    def joins(self) -> bool:
        """Whether its native end is `{native field: value}` of several fields."""
        return bool(getattr(self.lenses[0], "joins", False))

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        if len(self.lenses) == 1:  # it keeps the old value itself, and knows when that is stale
            return self.lenses[0].put(shared, old, context)
        if shows(self, old, shared, context):
            return old
        olds = [old]
        for lens in self.lenses[:-1]:
            olds.append(_told(lens, olds[-1], context))
        for lens, former in zip(reversed(self.lenses), reversed(olds), strict=True):
            shared = lens.put(shared, former, context)
        return shared


def shows(lens: Lens, old: Any, shared: Any, context: Context) -> bool:
    """Whether an old native value is there and shows just this; one that cannot be told shows nothing."""
    try:
        return old is not None and same(lens.get(old, context), shared)
    except Unread:
        return False


def _told(lens: Lens, old: Any, context: Context) -> Any:
    try:
        return None if old is None else lens.get(old, context)
    except Unread:
        return None
