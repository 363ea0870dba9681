"""Creates, updates and deletes: each reads what is stored, edits that text, and puts it back under guard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b

from connectors.caldav import dav, guests
from connectors.caldav.collection import Collection
from connectors.caldav.lines import Unreadable
from connectors.caldav.series import Series, record
from engine.contract import AppError, AuthExpired, Done, Failed, Invalid, Missing, Op, Outcome, Record, Stale, Write


def outcome(collection: Collection, write: Write, now: Callable[[], datetime]) -> Outcome:
    """Does one write. Only AuthExpired is raised: it would be the answer to all the others too."""
    try:
        if write.op is Op.CREATE:
            return Done(write.key, _create(collection, write, now()))
        if write.id is None:
            raise Invalid("The write names no event.")
        if write.op is Op.DELETE:
            return Done(write.key, _delete(collection, write.id, write.if_version))
        return Done(write.key, _update(collection, write.id, write, now()))
    except AuthExpired:
        raise
    except AppError as error:
        return Failed(write.key, error)
    except (Unreadable, TypeError, ValueError, KeyError, AttributeError) as error:  # a value of no shape we know
        return Failed(write.key, Invalid(f"The event cannot be written: {error}."))


def name_of(key: str) -> str:
    """The UID, and with `.ics` the resource name, of the event made with this key."""
    return blake2b(key.encode(), digest_size=16).hexdigest()


def _create(collection: Collection, write: Write, now: datetime) -> Record:
    """The name comes from the key, so that a second create finds the first one's event (412) and gives that."""
    uid = name_of(write.key)
    ident = f"{uid}.ics"
    body = Series.fresh(uid, write.data, now, write.key).calendar.to_ical()
    try:
        return collection.put(ident, body, None)
    except Stale:
        version, text = collection.read(ident)
        stored = record(ident, version, text)
        if stored is None:
            raise Invalid(f"{ident} is there, but is no event.") from None
        return stored


def _update(collection: Collection, ident: str, write: Write, now: datetime) -> Record:
    version, series = _stored(collection, ident, write.if_version)
    mailed = _invites(series)
    if not series.edit(write.data, now):
        data, at = series.read(), series.changed_at()
        return Record(id=ident, version=version, data=data, changed_at=at, stamp=series.stamp())
    if mailed or _invites(series):
        _refuse_mail(collection)
    if version is None:
        raise Invalid("The server gives this event no version (ETag), so that it cannot be changed safely.")
    return collection.put(ident, series.calendar.to_ical(), version)


def _delete(collection: Collection, ident: str, version: str | None) -> Record:
    gone = Record(id=ident, version=None, data={}, gone=True)
    try:
        if collection.schedules():
            _, series = _stored(collection, ident, version)
            if _invites(series):
                _refuse_mail(collection)
        collection.delete(ident, dav.etag(version))
    except Missing:
        return gone
    return gone


def _stored(collection: Collection, ident: str, if_version: str | None) -> tuple[str | None, Series]:
    version, text = collection.read(ident)
    if if_version is not None and dav.etag(if_version) != version:
        raise Stale("The event was changed on the server meanwhile.")
    try:
        series = Series.load(text)
    except Unreadable as error:
        raise Invalid(f"{ident} cannot be read: {error}. Repair or delete it in your calendar program.") from error
    if series is None:
        raise Invalid(f"{ident} is no event.")
    return version, series


def _invites(series: Series) -> bool:
    return any(guests.invites(event) for event in series.calendar.children("VEVENT"))


def _refuse_mail(collection: Collection) -> None:
    if collection.schedules():
        raise Invalid(
            "The server would mail the guests of this meeting about the change, and cannot be told not to. "
            "Change it in your calendar program."
        )
