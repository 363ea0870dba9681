"""What tells one kind of DAV collection from another: events, tasks and contacts are found, read and written alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connectors.lines import Apart, Unreadable
from engine.contract import Json, Record


class Item(Protocol):
    """One resource, taken apart so that it can be shown and edited."""

    def record(self, ident: str, version: str | None) -> Record:
        """All fields of the schema."""

    def edit(self, data: Json, now: datetime) -> bool:
        """Set these fields; False where all of them are so already. Invalid names the field that cannot be set so."""

    def text(self) -> bytes:
        """The resource as it is to be stored."""

    def invites(self) -> bool:
        """Whether a scheduling server would mail people about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One object of one protocol. The words are for messages; the names are qualified XML names."""

    protocol: str
    place: str
    """What a collection is called: calendar, address book."""
    item: str
    """What one record is called: event, task, contact."""
    scope: str
    """The key of a scope that names the collection."""
    known: str
    """The well-known address (RFC 6764)."""
    resource: str
    """The resource type of a collection."""
    home: str
    """The property that names the home of the collections."""
    data: str
    """The property that holds a resource's text."""
    multiget: str
    component: str = ""
    """What a collection must take, where it says what it takes (RFC 4791 5.2.3)."""
    formats: str = ""
    """The property that lists the versions of the format a collection takes (RFC 6352 6.2.2)."""
    guests: bool = True
    """Whether there may be people in its records whom a scheduling server mails (RFC 6638)."""
    mime: str
    suffix: str
    make: Callable[[str], tuple[str, bytes]]
    """Method and body of the request that makes a collection of this name."""
    load: Callable[[str], Item | None]
    """None where the resource is of another kind; Unreadable says why it cannot be shown, Apart why it is no record."""
    fresh: Callable[[str, Json, datetime, str, str], Item]
    """A new one: UID, fields, now, the key it is made under, the version of the format."""

    def record(self, ident: str, version: str | None, text: str) -> Record | None:
        """None where the resource is of another kind. One that cannot be shown says why, in `unreadable`; one that is
        no record, though it is stored among them, in `excluded`."""
        try:
            item = self.load(text)
            return None if item is None else item.record(ident, version)
        except Unreadable as error:
            return Record(id=ident, version=version, data={"unreadable": f"{ident} cannot be read: {error}."})
        except Apart as reason:
            return Record(id=ident, version=version, data={"excluded": str(reason)})
