"""Stored values of list rows that a new version of a mapping merges otherwise: whole instead of entry by entry, entry
by entry instead of whole, or by another member of the entries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from engine.bound import Bound
from engine.canonical import dumps, same
from engine.drift import schema_of
from engine.lens import Refusal, Unread
from engine.linkstate import Atom, Copy, LinkState, atoms, label, peek, poke
from engine.mapping import Mapping
from engine.store import revise
from engine.store.tables import changes, links, sides

Doc = dict[str, Any]
_SCHEMAS = select(sides.c.side, sides.c.schema).where(sides.c.sync == bindparam("of"), sides.c.schema.is_not(None))
_UNHEARD = (
    select(changes.c.id, changes.c.shared, links.c.agreed)
    .join(links, links.c.id == changes.c.link)
    .where(changes.c.sync == bindparam("of"), changes.c.state.in_(("sent", "doubt")))
)


@dataclass(frozen=True)
class Reshape:
    """A row in its former and its new shape, on the sides that both have."""

    row: str
    before: Bound
    after: Bound

    def turn(self, state: LinkState) -> None:
        """Turns what a link has agreed, and what its copies have settled with; what is due stays due, and no more."""
        if self.row not in state.agreed and not any(self.row in copy.synced for copy in state.copies.values()):
            return
        was, now = state.agreed.get(self.row), self.shared(state.agreed.get(self.row))
        state.agreed[self.row] = now
        _retell(state, self.row, now if self._many else None)
        for copy in state.copies.values():
            away = copy.side not in self.after.rows[self.row].cells  # when it comes back, it has been given nothing
            moved, base = self.row in copy.base, copy.base.pop(self.row, None)
            whole = _whole(was, base, self.before.rows[self.row].many) if moved else was
            given = None if away else self.shared(whole)
            self._settled(copy, now, moved)
            for atom in atoms(self.after.rows[self.row], [{self.row: now}, {self.row: given}]):
                if not same(old := peek({self.row: given}, atom), peek(state.agreed, atom)):
                    poke(copy.base, atom, old)

    def shared(self, value: Any) -> Any:
        """A shared value in the new shape, by way of the side that shows it best."""
        was, now = self.before.rows[self.row].cells, self.after.rows[self.row].cells
        for side, cell in [(side, cell) for side, cell in was.items() if side in now]:
            native = cell.lens.put(value, None, self.before.context(side, {}))
            shown = self._shown(self.before, side, {cell.name: native})
            if same(shown or None, value or None):
                return self._shown(self.after, side, {cell.name: native})
        raise Refusal(f"no side shows the whole of '{self.row}'")

    def _settled(self, copy: Copy, agreed: Any, moved: bool) -> None:
        """The image; where it shows what the former shape hid, that counts as edited now."""
        side, image = copy.side, copy.synced.get(self.row)
        if side not in self.after.rows[self.row].cells or side not in self.before.rows[self.row].cells:
            copy.synced.pop(self.row, None)
        elif image is not None:
            native = self._native(copy, image)
            if not moved and not _alike(self._shown(self.after, side, native), agreed):
                native = {**native, **self.after.put(side, {self.row: agreed}, {}, [self.row])[0]}
            copy.synced[self.row] = self.after.image(side, self.row, native)

    def _native(self, copy: Copy, image: Any) -> Doc:
        """The record as it was when it settled; only the record itself tells the order of entries merged by key."""
        native, cell = copy.native or {}, self.before.rows[self.row].cells[copy.side]
        if not self.before.rows[self.row].many:
            return {**native, **image}
        if cell.read(native) and same(image, self.before.image(copy.side, self.row, native)):
            return native
        return {**native, cell.name: cell.lens.join(image)}

    def _shown(self, bound: Bound, side: str, native: Doc) -> Any:
        return bound.get(side, native)[self.row]

    @property
    def differs(self) -> bool:
        """Many lists are kept by a key of their own, whatever `each` says."""
        was, now = self.before.rows[self.row], self.after.rows[self.row]
        return was.many != now.many or any(
            cell.lens != now.cells[side].lens for side, cell in was.cells.items() if side in now.cells
        )

    @property
    def _many(self) -> bool:
        return self.after.rows[self.row].many


def _alike(shown: Any, agreed: Any) -> bool:
    """Where entries are merged by key, each side has them in an order of its own: that one differs is no edit."""
    if isinstance(shown, list) and isinstance(agreed, list):
        return sorted(map(dumps, shown)) == sorted(map(dumps, agreed))
    return same(shown or None, agreed or None)


def reshapes(connection: Connection, sync: str, before: Doc, after: Doc) -> dict[str, Reshape | None]:
    """By row; None where it cannot be told what the apps' fields were: those values count as not read yet."""
    rows = [
        name for name, row in after["fields"].items() if row.get("each") != before["fields"].get(name, row).get("each")
    ]
    known = {row.side: schema_of(row.schema) for row in connection.execute(_SCHEMAS, {"of": sync})} if rows else {}
    found = {row: _reshape(row, before, after, known) for row in rows}
    return {row: one for row, one in found.items() if one is None or one.differs}


def _reshape(row: str, before: Doc, after: Doc, schemas: Doc) -> Reshape | None:
    try:
        was, now = (Bound(_alone(doc, row), schemas) for doc in (before, after))
    except (KeyError, ValueError):
        return None
    return Reshape(row, was, now)


def _alone(doc: Doc, row: str) -> Mapping:
    """The mapping with this row only."""
    said = {key: value for key, value in doc["fields"][row].items() if value is not None}
    return Mapping.model_validate({"name": doc["name"], "sides": doc["sides"], "fields": {row: said}, "match": []})


def turn(state: LinkState, found: Doc) -> None:
    """All reshaped rows of a link."""
    for row, one in found.items():
        if one is None:
            _forget(state, row)
            continue
        try:
            one.turn(state)
        except (Refusal, Unread):
            _forget(state, row)


def _forget(state: LinkState, row: str) -> None:
    """As at first sight: what the sides show is what there is to agree on."""
    state.agreed.pop(row, None)
    _retell(state, row, None)
    state.origin.pop(row, None)
    for copy in state.copies.values():
        copy.synced.pop(row, None)
        copy.base.pop(row, None)


def _whole(agreed: Any, some: Any, many: bool) -> Any:
    """The value of a row of which `some` entries are otherwise than agreed (None: they are not there)."""
    if not many:
        return some
    return {key: value for key, value in {**(agreed or {}), **(some or {})}.items() if value is not None}


def _retell(state: LinkState, row: str, keys: Any) -> None:
    """Where undelivered values are from, under their new names."""
    told = [state.origin.pop(name) for name in [*state.origin] if name.partition("/")[0] == row]
    newest = max(told, key=lambda origin: origin[1] or "", default=None)
    if newest is not None:
        state.origin |= {label(atom): newest[:2] for atom in _named(row, keys)}


def _named(row: str, keys: Any) -> Iterator[Atom]:
    if keys is None:
        yield row, None
    else:
        yield from ((row, key) for key in keys)


def turn_unheard(connection: Connection, sync: str, found: Doc) -> None:
    """What was sent and not heard of yet is told of in the new shape, too; the links are still in the former one."""
    turned = []
    for row in connection.execute(_UNHEARD, {"of": sync}) if found else ():
        shared = dict(row.shared)
        for name in found.keys() & shared.keys():
            sent, one = shared.pop(name), found[name]
            with suppress(Refusal, Unread):
                if one is not None:
                    shared[name] = one.shared(_whole(row.agreed.get(name), sent, one.before.rows[name].many))
        turned.append({"id": row.id, "shared": shared})
    revise(connection, changes, turned)
