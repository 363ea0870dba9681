"""What sides with different abilities show of one value: "the same" is what the lenses make of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from engine.bound import Bound
from engine.canonical import dumps, same
from engine.lens import Refusal
from syncline.rehearsal.story import Said
from syncline.rehearsal.takes import occurring

Native = Mapping[str, Any]
Shared = dict[str, Any]
EMPTY: tuple[Any, ...] = (None, "", [], {})
TOKEN = re.compile(r"\b[tw]\d+\b")


def exact(value: Any) -> str | None:
    """A shared value as text; None where it is empty."""
    return None if value in EMPTY else dumps(value)


class Lenses:
    """The lenses of one mapping at work. `horizon`: ISO date to which endless rules are expanded, as in a run."""

    def __init__(self, bound: Bound, horizon: str) -> None:
        self.bound, self.horizon = bound, horizon

    def copy(self, side: str, shared: Shared) -> Shared:
        """What a new record of the side would show; raises Refusal."""
        fields, _ = self.bound.put(side, shared, {}, None, self.horizon)
        return self.bound.get(side, {**dict.fromkeys(self.bound.wanted[side]), **fields})

    def embodies(self, said: Said, seen: str | None, side: str, native: Native) -> bool:
        """Whether somebody who saw `seen` on a side saw what was said, in the words of that side.

        `native` is the record they saw. Where a lens refuses there is no telling: they are believed.
        """
        if said.value == seen or said.value is None or seen is None:
            return said.value == seen
        shared = self.bound.get(side, native)
        try:
            shown = self._atom(self.copy(side, self._with(shared, said.atom, said.value)), said.atom)
            return shown == seen or self._atom(self.copy(said.side, shared), said.atom) == said.value
        except Refusal:
            return True

    def kept(self, said: Said, agreed: Shared) -> bool:
        """Whether the agreed value is what was said, or shows so on the side where it was said."""
        if self._atom(agreed, said.atom) == said.value:
            return True
        try:
            return self._atom(self.copy(said.side, agreed), said.atom) == said.value
        except Refusal:
            return True

    def unlike(self, side: str, native: Native, agreed: Shared) -> Iterator[str]:
        """Rows of a record that show something else than the side would show of the agreed values.

        A row that the side cannot hold waits for a person, and with it the rows it looks at or is looked at by.
        """
        shown, wanted, waiting = self.bound.get(side, native), {}, set[str]()
        for name, row in self.bound.rows.items():
            if side not in row.targets or name not in shown or name not in agreed:
                continue
            try:
                wanted[name] = self._view(side, name, agreed, native)
            except Refusal:
                waiting |= self._tied(side, name)
        for name in sorted(wanted.keys() - waiting):
            if exact(shown[name]) not in (exact(agreed[name]), exact(wanted[name])):
                yield f"{name} on {side} is {dumps(shown[name])} instead of {dumps(wanted[name])}"

    def _tied(self, side: str, name: str) -> set[str]:
        at = {row.name: row.cells[side] for row in self.bound.rows.values() if side in row.cells}
        return {name} | {other for other, one in at.items() if one.tied(at[name])}

    def lawless(self, side: str, native: Native) -> Iterator[str]:
        """Laws of the lenses that a record breaks, in sentences."""
        shared = self.bound.get(side, native)
        try:
            back, _ = self.bound.put(side, shared, native, None, self.horizon)
        except Refusal as refusal:
            yield f"{side} refuses {refusal.row} that it holds itself: {refusal}"
            return
        again = self.bound.get(side, {**native, **back})
        for name, row in self.bound.rows.items():
            for field in row.cells[side].names if side in row.cells else ():
                if field not in back or same(back[field], native.get(field)):
                    continue
                if native.get(field) in EMPTY and exact(again[name]) == exact(shared[name]):
                    continue  # nothing there, and a value that says the same: there was none to come back
                yield f"{side}.{field} = {dumps(native.get(field))} comes back as {dumps(back[field])}"
        for other in self.bound.names:
            yield from self._unstable(other, shared)

    def _unstable(self, side: str, shared: Shared) -> Iterator[str]:
        """What is wrong with a copy of this on a side: it is poorer at most, and stays what it is."""
        try:
            once = self.copy(side, shared)
            twice = self.copy(side, once)
        except Refusal:
            return
        for name, value in once.items():
            if exact(value) != exact(twice[name]):
                given = dumps(shared.get(name))
                yield f"{name} on {side}: {given} shows as {dumps(value)}, and that as {dumps(twice[name])}"
            if self._lost(side, name, shared.get(name), value):
                yield f"{name} on {side}: {dumps(shared[name])} shows as {dumps(value)}"
        one, other = occurring(self.bound, shared), occurring(self.bound, once)
        if one is not None and other is not None and one != other:
            yield f"on {side} it takes place at {sorted(other - one)[:3]} too, and not at {sorted(one - other)[:3]}"

    def _lost(self, side: str, name: str, value: Any, shown: Any) -> bool:
        """Whether a copy shows nothing, or something else: what users write begins with a token that no lens needs."""
        row = self.bound.rows[name]
        if side not in row.targets or value in EMPTY or getattr(row.cells[side].lens, "klass", "") == "one-way":
            return False
        if row.many:
            return not set(value) <= set(shown)
        token = TOKEN.search(str(value)) if isinstance(value, str) else None
        return shown in EMPTY or (token is not None and token[0].casefold() not in str(shown).casefold())

    def _view(self, side: str, row: str, agreed: Shared, native: Native) -> Any:
        fields, _ = self.bound.put(side, agreed, self.bound.blanked(side, row, native), [row], self.horizon)
        return self.bound.get(side, {**native, **fields})[row]

    def _with(self, shared: Shared, atom: tuple[str, str | None], value: str) -> Shared:
        row, key = atom
        new = json.loads(value)
        return {**shared, row: new if key is None else {**(shared.get(row) or {}), key: new}}

    @staticmethod
    def _atom(shared: Shared, atom: tuple[str, str | None]) -> str | None:
        row, key = atom
        value = shared.get(row)
        return exact(value if key is None else (value or {}).get(key))
