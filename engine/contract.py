"""The nouns and verbs every connector speaks; it imports nothing else of ours.

A connector reads and writes *records*: one item of one object of one app (an event, a contact), flattened to the
fields its schema lists. Everything a connector raises is an `AppError`, named by what happens next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Protocol

Json = Mapping[str, Any]


class Op(StrEnum):
    """What a write does to one record."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Support(StrEnum):
    """How well an app supports a capability; a quirk is named in the connector's README."""

    YES = "yes"
    NO = "no"
    QUIRK = "quirk"


@dataclass(frozen=True, slots=True)
class Record:
    """One record as the app shows it now."""

    id: str
    version: str | None
    """Etag, sequence or stamp: compare, never parse."""
    data: Json
    """Native values by schema field. A missing key is *unread*; None is empty. Instead of all of them,
    `{"unreadable": why}` where it cannot be shown, or `{"excluded": why}` where it is no record of this object."""
    changed_at: datetime | None = None
    """When the app says it was last changed (aware). Only ever used for `conflicts: newest`."""
    gone: bool = False
    """A positive proof of deletion (tombstone, cancelled status, 404 on a direct read of a removed id)."""
    created_at: datetime | None = None
    """When the app says it was made (aware): an id with another one is another record under a used id."""
    changed_by: str | None = None
    """Who changed it last, where the app tells. Shown to people, never decided by."""
    stamp: str | None = None
    """The key of the create that made it, where the app keeps that: a lost state is rebuilt from stamps."""
    merged_into: str | None = None
    """With `gone`: the id of the record that it is part of now. People made one of two; nobody deleted anything."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, and the cursor to resume from once they are stored (None where resuming is not safe yet)."""

    records: Sequence[Record]
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One change to one record."""

    op: Op
    key: str
    """Ours, the same on every retry. Where `caps.stamped`, a create with a known key returns the existing record."""
    id: str | None = None
    if_version: str | None = None
    data: Json = field(default_factory=dict)
    """Just the native fields to set; None clears."""


class AppError(Exception):
    """All a connector may raise. The message is for people: what, where, why, what next; never a secret."""


class Transient(AppError):
    """Try again. `landed` is False where the request surely had no effect (429, refused connection), else None."""

    def __init__(self, message: str, *, wait: timedelta | None = None, landed: bool | None = None) -> None:
        super().__init__(message)
        self.wait = wait
        self.landed = landed


class AuthExpired(AppError):
    """Pause the connection and ask for a new sign-in."""


class Refused(AppError):
    """Stop this sync and tell the user: missing scope, unknown calendar, bad setting."""


class CursorExpired(AppError):
    """Forget the cursor and scan."""


class Stale(AppError):
    """`if_version` no longer holds: read again, plan again."""


class Missing(AppError):
    """The record is not there."""


class Deleted(Missing):
    """A create whose key was used before: that record was made, and deleted since. A positive proof."""


class Invalid(AppError):
    """The app will never accept this value: park the record, go on."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Done:
    """A write that landed.

    `record` is as the app now stores it (gone=True after a delete): this is what stops echoes.
    """

    key: str
    record: Record


@dataclass(frozen=True, slots=True)
class Failed:
    """A write that did not land, or (Transient with landed=None) may have."""

    key: str
    error: AppError


Outcome = Done | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of an object. `type` and `dialect` pick the lens; `means` ties it to the vocabulary."""

    type: str
    """What the value is: `docs/reference/lenses.md` lists the types."""
    dialect: str = ""
    """The spelling of the type here: google, graph, ical, plain."""
    label: str = ""
    means: str = ""
    """Vocabulary entry, such as `meeting.title`."""
    many: bool = False
    writable: bool = True
    required: bool = False
    max_length: int | None = None
    counts: str = "chars"
    """What `max_length` counts: chars, utf16 (units) or bytes (of UTF-8)."""
    digits: int | None = None
    """Decimals that the app keeps of a number."""
    currency: str = ""
    """ISO 4217, where all values are in one."""
    refers: str = ""
    """The object whose ids a reference holds."""
    unique: bool = False
    """No two records have the same value."""
    choices: Mapping[str, str] | None = None
    """Native value -> label."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The fields of an object, live, and the IANA zone in which the app shows times that carry none."""

    fields: Mapping[str, Field]
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What the app can do, as data; the README's connector table is generated from it."""

    objects: tuple[str, ...] = ()
    delta: Support = Support.NO
    """changes() works."""
    tombstones: Support = Support.NO
    """changes() reports deletions."""
    guarded: Support = Support.NO
    """Writes honour if_version."""
    stamped: Support = Support.NO
    """A create repeated with the same key is one record."""
    webhooks: Support = Support.NO
    mail: Support = Support.NO
    """YES: the app would mail people and cannot be told not to, so copies carry no attendees."""
    batch: int = 1
    page: int = 100
    calls: tuple[int, timedelta] = (10, timedelta(seconds=1))
    proven: str = ""
    """What the connector is tested against."""


class Connector(Protocol):
    """One account of one app. Synchronous; safe to call from one thread at a time."""

    caps: ClassVar[Caps]

    def check(self) -> str:
        """The account's label, or raises."""

    def schema(self, obj: str) -> Schema:
        """The live schema, with custom fields."""

    def scan(self, obj: str, scope: Json) -> Iterator[Page]:
        """Every record. Only a scan that ends may turn absence into deletion; its last page carries the cursor."""

    def changes(self, obj: str, scope: Json, cursor: str) -> Iterator[Page]:
        """What changed since the cursor, each record whole; raises CursorExpired."""

    def get(self, obj: str, scope: Json, ids: Sequence[str]) -> Iterator[Record]:
        """The named records; one that is not there comes as gone=True."""

    def write(self, obj: str, scope: Json, writes: Sequence[Write]) -> Iterator[Outcome]:
        """One outcome per write, in any order; a batch may half succeed. Mails nobody."""

    @property
    def requests(self) -> int:
        """HTTP requests sent so far."""
