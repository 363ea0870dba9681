"""Items in folders over HTTP: lists, delta rounds, single items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.graph.asking import Answering, Asking
from sandbox.graph.errors import Refusal, bad_request, resync
from sandbox.graph.kind import Kind
from sandbox.graph.query import MOST, expanded, unexpandable, whole
from sandbox.graph.rounds import Round, page, read_token, removed
from sandbox.graph.shelf import Shelf, etag
from sandbox.graph.zones import instant
from sandbox.table import Row
from sandbox.world import World

PAGE = 10
"""As many as the service gives when nothing is asked for."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How a client wants to see items; `select`: None for all."""

    select: frozenset[str] | None
    ids: frozenset[str]
    names: frozenset[str]
    prefer: Mapping[str, str]

    @property
    def immutable(self) -> bool:
        return self.prefer.get("idtype", "") == "ImmutableId"


class Items:
    """Handlers: each takes the request and the variable parts of its path."""

    def __init__(self, kind: Kind, shelf: Shelf, world: World) -> None:
        self._kind = kind
        self._shelf = shelf
        self._world = world

    def all(self, asking: Asking, folder: str) -> Answering:
        """A folder's items, oldest first."""
        query, wish = asking.query, self._wish(asking.query, asking.prefer)
        top, skip = whole(query, "$top", PAGE, least=1, most=MOST), whole(query, "$skip", 0)
        test = self._kind.filtering.predicate(query.get("$filter", ""))
        rows = (row for row in self._shelf.inside(self._shelf.folder(folder).id) if test(row))
        found = self._kind.filtering.ordered(rows, query.get("$orderby", ""))
        more = {"@odata.nextLink": asking.link(__top=str(top), __skip=str(skip + top))}
        body: dict[str, Any] = {"@odata.context": asking.context(f"Collection({self._kind.type})")}
        body |= {"@odata.count": len(found)} if query.get("$count") == "true" else {}
        body["value"] = [self._shown(row, wish) for row in found[skip : skip + top]]
        return Answering(body | (more if skip + top < len(found) else {}))

    def create(self, asking: Asking, folder: str) -> Answering:
        """201 with the whole item; what can be expanded is shown only to those who do."""
        place = self._shelf.folder(folder).id
        wanted = self._kind.parse(asking.json(), None)
        props, _ = self._kind.follow(wanted, wanted, self._world.clock.now())
        row = self._shelf.add(place, props)
        return self._answer(asking, row, 201)

    def get(self, asking: Asking, name: str, folder: str = "") -> Answering:
        """One item; asked for by its folder, it has to be in there."""
        return self._answer(asking, self._find(name, folder))

    def update(self, asking: Asking, name: str, folder: str = "") -> Answering:
        row = self._current(asking, name, folder)
        before = row.data["props"]
        wanted = self._kind.parse(asking.json(), before)
        props, born = self._kind.follow(before, wanted, self._world.clock.now())
        self._shelf.change(row, props)
        for each in born:
            self._shelf.add(row.data["folder"], each)
        return self._answer(asking, row)

    def delete(self, asking: Asking, name: str, folder: str = "") -> Answering:
        self._shelf.remove(self._current(asking, name, folder))
        return Answering(status=204)

    def delta(self, asking: Asking, folder: str) -> Answering:
        """One page of a round; its links carry the options, so they need nothing else."""
        position = self._position(asking, self._shelf.folder(folder).id)
        size = int(asking.prefer.get("odata.maxpagesize", 0)) or whole(asking.query, "$top", PAGE, least=1)
        rows, onwards, over = page(self._shelf, position, size)
        wish = self._wish({"$select": position.select, "$expand": position.expand}, asking.prefer)
        values = [self._removed(row, wish) if removed(row, folder) else self._shown(row, wish) for row in rows]
        kind, option = ("@odata.deltaLink", "$deltatoken") if over else ("@odata.nextLink", "$skiptoken")
        context = asking.context(f"Collection({self._kind.type})")
        link = f"{asking.url}?{option}={onwards.token()}"
        return Answering({"@odata.context": context, kind: link, "value": values})

    def _position(self, asking: Asking, folder: str) -> Round:
        """Where this request goes on; Refusal (410) for tokens that mean nothing here."""
        now, query = self._shelf.table.sequence, asking.query
        token = query.get("$deltatoken") or query.get("$skiptoken")
        if not token:
            if wrong := sorted(name for name in self._kind.refused if query.get(name)):
                message = f"The following parameters are not supported with change tracking: {wrong}."
                raise bad_request(message, "ErrorInvalidUrlQuery")
            select, expand = query.get("$select", ""), query.get("$expand", "")
            return Round(self._shelf.salt, folder, True, 0, now, select, expand)
        position = read_token(token)
        expired = self._world.faults.take({"expire_cursor"}, asking.visit)
        if expired or not position or (position.salt, position.folder) != (self._shelf.salt, folder):
            raise resync(f"{asking.url}?$deltatoken=")
        return replace(position, until=now) if query.get("$deltatoken") else position

    def _find(self, name: str, folder: str) -> Row:
        row = self._shelf.find(name)
        if folder and row.data["folder"] != folder:
            raise Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        return row

    def _current(self, asking: Asking, name: str, folder: str) -> Row:
        """The item, still in the version of If-Match where one is sent; else Refusal (412)."""
        row = self._find(name, folder)
        wanted = asking.headers.get("if-match", "*").strip()
        if wanted != "*" and wanted.removeprefix("W/") != etag(row).removeprefix("W/"):
            message = "The send or update operation could not be performed because the change key does not match."
            raise Refusal(412, "ErrorIrresolvableConflict", message)
        return row

    def _answer(self, asking: Asking, row: Row, status: int = 200) -> Answering:
        shown = self._shown(row, self._wish(asking.query, asking.prefer))
        return Answering({"@odata.context": asking.context(f"{self._kind.type}s/$entity"), **shown}, status)

    def _wish(self, query: Mapping[str, str], prefer: Mapping[str, str]) -> Wish:
        select = query.get("$select", "")
        ids, names = expanded(query.get("$expand", ""))
        if strange := names - self._kind.expands:
            raise unexpandable(min(strange))
        chosen = frozenset(name.strip() for name in select.split(",")) if select else None
        return Wish(chosen, ids, names, prefer)

    def _shown(self, row: Row, wish: Wish) -> dict[str, Any]:
        props, version = row.data["props"], etag(row)
        full = {
            "@odata.etag": version,
            "id": self._id(row, wish),
            "createdDateTime": instant(row.created_at),
            "lastModifiedDateTime": instant(row.changed_at),
            **({"changeKey": version[3:-1], "parentFolderId": row.data["folder"]} if self._kind.immutable else {}),
            **self._kind.show(props, wish.prefer),
        }
        if wish.select is not None:
            full = {name: value for name, value in full.items() if name in {"@odata.etag", "id"} | wish.select}
        return full | self._kind.expand(props, wish.ids, wish.names)

    def _removed(self, row: Row, wish: Wish) -> dict[str, Any]:
        return {"id": self._id(row, wish), "@removed": {"reason": "deleted"}}

    def _id(self, row: Row, wish: Wish) -> str:
        return self._shelf.id_of(row, immutable=wish.immutable and self._kind.immutable)
