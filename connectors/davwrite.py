"""Creates, updates and deletes: each reads what is stored, edits that text, and puts it back under guard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b

from connectors import dav
from connectors.davkind import Item
from connectors.davstore import Collection
from connectors.lines import Apart, Unreadable
from engine.contract import AppError, AuthExpired, Done, Failed, Invalid, Missing, Op, Outcome, Record, Stale, Write


def outcome(collection: Collection, write: Write, version: Callable[[], str], now: datetime) -> Outcome:
    """Does one write; `version` is that of the format for new records.

    Only AuthExpired is raised: it would be the answer to all the others too.
    """
    try:
        if write.op is Op.CREATE:
            return Done(write.key, _create(collection, write, version(), now))
        if write.id is None:
            raise Invalid(f"The write names no {collection.kind.item}.")
        if write.op is Op.DELETE:
            return Done(write.key, _delete(collection, write.id, write.if_version))
        return Done(write.key, _update(collection, write.id, write, now))
    except AuthExpired:
        raise
    except AppError as error:
        return Failed(write.key, error)
    except (Unreadable, TypeError, ValueError, KeyError, AttributeError) as error:  # a value of no shape we know
        return Failed(write.key, Invalid(f"The {collection.kind.item} cannot be written: {error}."))


def name_of(key: str) -> str:
    """The UID, and with the kind's suffix the resource name, of the record made with this key."""
    return blake2b(key.encode(), digest_size=16).hexdigest()


def _create(collection: Collection, write: Write, version: str, now: datetime) -> Record:
    """The name comes from the key, so that a second create finds the first one's resource (412) and gives that."""
    kind, uid = collection.kind, name_of(write.key)
    ident = f"{uid}{kind.suffix}"
    body = kind.fresh(uid, write.data, now, write.key, version).text()
    try:
        return collection.put(ident, body, None)
    except Stale:
        stored = kind.record(ident, *collection.read(ident))
        if stored is None:
            raise Invalid(f"{ident} is there, but is no {kind.item}.") from None
        return stored


def _update(collection: Collection, ident: str, write: Write, now: datetime) -> Record:
    version, item = _stored(collection, ident, write.if_version)
    mailed = item.invites()
    if not item.edit(write.data, now):
        return item.record(ident, version)
    if mailed or item.invites():
        _refuse_mail(collection)
    if version is None:
        raise Invalid(f"The server gives this {collection.kind.item} no version (ETag): it cannot be changed safely.")
    return collection.put(ident, item.text(), version)


def _delete(collection: Collection, ident: str, version: str | None) -> Record:
    gone = Record(id=ident, version=None, data={}, gone=True)
    try:
        if collection.schedules():
            _, item = _stored(collection, ident, version)
            if item.invites():
                _refuse_mail(collection)
        collection.delete(ident, dav.etag(version))
    except Missing:
        return gone
    return gone


def _stored(collection: Collection, ident: str, if_version: str | None) -> tuple[str | None, Item]:
    version, text = collection.read(ident)
    if if_version is not None and dav.etag(if_version) != version:
        raise Stale(f"The {collection.kind.item} was changed on the server meanwhile.")
    try:
        item = collection.kind.load(text)
    except Unreadable as error:
        raise Invalid(f"{ident} cannot be read: {error}. Repair or delete it in the program it is from.") from error
    except Apart as reason:
        raise Invalid(f"{ident} is no {collection.kind.item}: {reason}.") from reason
    if item is None:
        raise Invalid(f"{ident} is no {collection.kind.item}.")
    return version, item


def _refuse_mail(collection: Collection) -> None:
    if collection.schedules():
        raise Invalid(
            f"The server would mail the guests of this {collection.kind.item} about the change, and cannot be told "
            "not to. Change it in your calendar program."
        )
