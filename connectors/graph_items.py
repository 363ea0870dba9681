"""Microsoft Graph: plain items in a folder (contacts, tasks), read and written alike.

Changes are told by delta rounds, which cannot show what we keep on an item: so whatever is named there is read again,
whole. A create carries its key in that; before each create it is looked up, so that one whose answer was lost is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from connectors.graph import LIMIT, ROOT, Ask, Part, Talk, converse
from connectors.graph_feed import ROUND, last_link, pages, spelled
from connectors.http import Client, decode
from connectors.rest import cursor, gone, resumed
from engine.contract import (
    AppError,
    CursorExpired,
    Done,
    Failed,
    Invalid,
    Json,
    Missing,
    Op,
    Outcome,
    Page,
    Record,
    Stale,
    Transient,
    Write,
)

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """What tells contacts from tasks; nothing here sends anything."""

    title: str
    """In messages: `contact`."""
    fields: Mapping[str, Any]
    page: int
    query: Mapping[str, str]
    """Options that show an item whole, with what we keep on it."""
    delta: Mapping[str, str]
    """Options of a delta round, of which only the ids are looked at."""
    record: Callable[[Item], Record]
    look: Callable[[str], str]
    """Key of a create -> the filter that finds the item."""
    created: Callable[[str, Json], dict[str, Any]]
    """Key and fields -> body of the create. Raises Invalid."""
    changed: Callable[[Item, Json], dict[str, Any]]
    """The item as it is, fields to set -> body of the change, empty where nothing differs. Raises Invalid."""
    joined: Callable[[Item, Item, Item], Item]
    """The answer to a write, what was sent, the item before -> the item whole, with what we keep on it."""


@dataclass(frozen=True, slots=True)
class Folder:
    """`path` lists and takes items. `holds`: whether an item that was found by its id is in it, too."""

    path: str
    holds: Callable[[Item], bool] = lambda _: True

    def of(self, id: str) -> str:
        """Where an item is."""
        return f"{self.path}/{quote(id, safe='')}"


def scan(http: Client, kind: Kind, folder: Folder, scope: Json) -> Iterator[Page]:
    """Everything. The cursor is taken first, so that nothing which changes during the listing is missed."""
    link = last_link(http, f"{ROOT}/{folder.path}/delta" + (f"?{spelled(kind.delta)}" if kind.delta else ""))
    seen: set[str] = set()
    query = spelled({"$top": str(kind.page), **kind.query})
    for response in pages(http, f"{ROOT}/{folder.path}?{query}"):
        items = [item for item in decode(response)["value"] if item["id"] not in seen]
        seen.update(item["id"] for item in items)
        yield Page([kind.record(item) for item in items])
    yield Page([], cursor(scope, link=link))


def changes(http: Client, kind: Kind, folder: Callable[[], Folder], scope: Json, text: str) -> Iterator[Page]:
    """What changed, each record whole. Without changes it is one request."""
    link = str(resumed(text, scope, "link")["link"])
    if not link.startswith(http.base_url):
        raise CursorExpired("The cursor belongs to another server.")
    named: dict[str, None] = {}
    for response in pages(http, link, ROUND):
        body = decode(response)
        named.update(dict.fromkeys(str(item["id"]) for item in body["value"]))
        link = body.get("@odata.deltaLink") or link
    ids = list(named)
    for begin in range(0, len(ids), LIMIT):
        yield Page(list(get(http, kind, folder(), ids[begin : begin + LIMIT])))
    yield Page([], cursor(scope, link=link))


def get(http: Client, kind: Kind, folder: Folder, ids: Sequence[str]) -> Iterator[Record]:
    """The named records, in order of arrival."""
    for id, item in converse(http, ((id, _load(kind, folder, id)) for id in ids)):
        if isinstance(item, AppError):
            raise item
        yield kind.record(item) if item else gone(id)


def write(http: Client, kind: Kind, folder: Folder, writes: Sequence[Write]) -> Iterator[Outcome]:
    """One outcome per write; up to 20 at a time share their requests."""
    for key, result in converse(http, ((write.key, _talk(kind, folder, write)) for write in writes)):
        yield Failed(key, result) if isinstance(result, AppError) else Done(key, result)


def _talk(kind: Kind, folder: Folder, write: Write) -> Talk[Record]:
    """The conversation for a write; ends with the record as now stored."""
    for name in write.data:
        if name not in kind.fields or not kind.fields[name].writable:
            raise Invalid(f"The field {name!r} of a {kind.title} cannot be written.", field=name)
    if write.op is Op.CREATE:
        return (yield from _create(kind, folder, write))
    return (yield from (_update if write.op is Op.UPDATE else _delete)(kind, folder, write))


def _create(kind: Kind, folder: Folder, write: Write) -> Talk[Record]:
    body = kind.created(write.key, write.data)
    if known := (yield from _find(kind, folder, write.key)):
        return kind.record(known)
    (reply,) = yield Ask([Part("POST", folder.path, body, once=True)])
    if isinstance(reply.error, Transient) and reply.error.landed is not False:
        return kind.record((yield from _landed(kind, folder, write.key, reply.error)))
    return kind.record(kind.joined(reply.result(), body, {}))


def _update(kind: Kind, folder: Folder, write: Write) -> Talk[Record]:
    held = yield from _current(kind, folder, write)
    body = kind.changed(held, write.data)
    if not body:
        return kind.record(held)
    (reply,) = yield Ask([Part("PATCH", folder.of(str(held["id"])), body, etag=held["@odata.etag"])])
    return kind.record(kind.joined(reply.result(), body, held))


def _delete(kind: Kind, folder: Folder, write: Write) -> Talk[Record]:
    """Reads first: a record that was moved out of the folder is not ours to delete."""
    assert write.id is not None
    try:
        held = yield from _current(kind, folder, write)
    except Missing:
        return gone(write.id)
    etag = held["@odata.etag"] if write.if_version is not None else None
    (reply,) = yield Ask([Part("DELETE", folder.of(write.id), etag=etag)])
    if not isinstance(reply.error, Missing):
        reply.result()
    return gone(write.id)


def _current(kind: Kind, folder: Folder, write: Write) -> Talk[Item]:
    """The item before the write. Raises Missing and Stale."""
    held = (yield from _load(kind, folder, write.id)) if write.id else None
    if held is None:
        raise Missing(f"The {kind.title} is no longer in this folder.")
    if write.if_version is not None and write.if_version != held["@odata.etag"]:
        raise Stale(f"The {kind.title} was changed meanwhile.")
    return held


def _load(kind: Kind, folder: Folder, id: str) -> Talk[Item | None]:
    """An item, whole; None where it is not in the folder."""
    (reply,) = yield Ask([Part("GET", f"{folder.of(id)}?{spelled(kind.query)}")])
    if isinstance(reply.error, Missing):
        return None
    item: Item = reply.result()
    return item if folder.holds(item) else None


def _landed(kind: Kind, folder: Folder, key: str, doubt: Transient) -> Talk[Item]:
    """The item of a create whose answer was lost; where it does not show, the create stays in doubt."""
    try:
        known = yield from _find(kind, folder, key)
    except AppError:
        known = None
    if known is None:
        raise doubt
    return known


def _find(kind: Kind, folder: Folder, key: str) -> Talk[Item | None]:
    """The item that was created with this key: the first one, as an app may copy what we keep."""
    try:
        found = yield from _listed(folder, {"$filter": kind.look(key), **kind.query})
    except Invalid:  # this server cannot filter by it
        everything = yield from _listed(folder, {"$top": str(kind.page), **kind.query})
        found = [item for item in everything if kind.record(item).stamp == key]
    return min(found, key=lambda item: str(item.get("createdDateTime")), default=None)


def _listed(folder: Folder, options: Mapping[str, str]) -> Talk[list[Item]]:
    """All pages of a list."""
    found: list[Item] = []
    path: str = f"{folder.path}?{spelled(options)}"
    while path:
        (reply,) = yield Ask([Part("GET", path)])
        body = reply.result()
        found += body.get("value") or ()
        path = str(body.get("@odata.nextLink") or "").partition(f"/{ROOT}/")[2]
    return found
