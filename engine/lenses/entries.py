"""Lists of labelled entries: telephone numbers, e-mail addresses, web pages, postal addresses; keyed lists and tags.

Shared: entries by key. The key of a number, address or page is its shared value: `{"+4930123456": {"label": "work",
"rank": 1}}`; the main one has rank 1, the rest 2. Postal addresses are keyed by label (a second one is "home 2"), items
of other lists by a member, tags by themselves: `{"vip": {}}`.
"""

# ruff: noqa: ARG002 - the arguments are those of the Lens protocol

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.canonical import same
from engine.lens import Context, Refusal
from engine.lenses.address import MEMBERS, Address
from engine.lenses.reach import Email, text_of
from engine.lenses.text import tidy

Entry = Mapping[str, Any]
Entries = dict[str, Any]
_NOWHERE = Context({}, {})
_RANK = "#rank"


def label_of(entry: Entry) -> str | None:
    """The label in small letters."""
    text = text_of(entry.get("label"))
    return text.lower() if text else None


def _hidden(number: int, key: str) -> str:
    """The key of an entry that is shown to nobody: it has none, or (`key`) another entry has the same."""
    return f"#{number} {key}"


def _stays(key: str, wanted: Mapping[str, Any]) -> bool:
    """Whether a native entry stays: hidden ones do, those with the key of another one as long as that does."""
    shown = key.partition(" ")[2] if key.startswith("#") else key
    return shown in wanted or not shown


@dataclass(frozen=True, slots=True)
class Reaches:
    """A list of `{"value": .., "label": ..}`, main one first. `inner` reads a value. Entries without a value, and the
    second with one value, have a number for a key: they are shown to nobody, and stay."""

    inner: Any = field(default_factory=Email)
    klass: str = "stable"
    reads: tuple[str, ...] = ()
    ordered: bool = True
    """How an entry is shown depends on the others: one of them is the main one."""

    def get(self, native: Any, context: Context) -> Any:
        entries = self._keyed(native)
        keys = [key for key in entries if not key.startswith("#")]
        return {key: {"label": label_of(entries[key]), "rank": 1 if n == 0 else 2} for n, key in enumerate(keys)}

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        wanted = shared or {}
        if old is not None and same(self.get(old, context), wanted):
            return old
        former = self._keyed(old)
        kept = [key for key in former if _stays(key, wanted)]
        keys = kept + sorted(set(wanted) - set(former))
        first = sorted(key for key, entry in wanted.items() if entry.get("rank") == 1)[:1]
        entries = [_labelled(former.get(key), key, wanted.get(key)) for key in dict.fromkeys([*first, *keys])]
        return old if old is not None and same(entries, old) else entries

    def split(self, native: Any) -> Entries:
        """Native entries by key, each with its rank: the order of the list is what the main one is known by."""
        entries = self._keyed(native)
        main = next((key for key in entries if not key.startswith("#")), None)
        return {key: {**entry, _RANK: 1 if key == main else 2} for key, entry in entries.items()}

    def join(self, entries: Mapping[str, Any]) -> list[Any]:
        """The native list of these entries."""
        ranked = sorted(entries.values(), key=lambda entry: entry.get(_RANK, 2))
        return [{name: value for name, value in entry.items() if name != _RANK} for entry in ranked]

    def _keyed(self, native: Any) -> Entries:
        found: Entries = {}
        for number, entry in enumerate(native or ()):
            key = self.inner.get(entry.get("value"), _NOWHERE) or ""
            found[_hidden(number, key) if not key or key in found or key.startswith("#") else key] = entry
        return found


def _labelled(old: Entry | None, key: str, shared: Entry | None) -> Entry:
    """An entry with its label; the spelling of its value stays."""
    if old is None:
        return {"value": key, "label": (shared or {}).get("label")}
    if shared is None or label_of(old) == shared.get("label"):
        return old
    return {**old, "label": shared.get("label")}


@dataclass(frozen=True, slots=True)
class Addresses:
    """A list of postal addresses with labels. Empty ones are shown to nobody, and stay."""

    inner: Address = field(default_factory=Address)
    klass: str = "stable"
    reads: tuple[str, ...] = ()

    def get(self, native: Any, context: Context) -> Any:
        shown = {key: self.inner.get(entry, context) for key, entry in self.split(native).items()}
        return {key: address for key, address in shown.items() if address}

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        wanted = shared or {}
        if old is not None and same(self.get(old, context), wanted):
            return old
        former = self.split(old)
        kept = [key for key in former if _stays(key, wanted)]
        return [
            self._entry(key, wanted.get(key), former.get(key), context)
            for key in [*kept, *sorted(set(wanted) - set(former))]
        ]

    def _entry(self, key: str, shared: Any, old: Entry | None, context: Context) -> Any:
        if shared is None:
            return old
        return {"label": key.rstrip("0123456789 ") or key, **(self.inner.put(shared, old, context) or {})}

    def split(self, native: Any) -> Entries:
        """Native entries by key, in their order."""
        found: Entries = {}
        for number, entry in enumerate(native or ()):
            label = (label_of(entry) or "other").rstrip("0123456789 #") or "other"
            key = label if any(text_of(entry.get(name)) for name in MEMBERS) else _hidden(number, "")
            copy = 2
            while key in found:
                key, copy = f"{label} {copy}", copy + 1
            found[key] = entry
        return found

    def join(self, entries: Mapping[str, Any]) -> list[Any]:
        """The native list of these entries."""
        return list(entries.values())


@dataclass(frozen=True, slots=True)
class Keyed:
    """A list of objects that a member tells apart; an entry is the whole object, as it is. Those without the member,
    the second with one key, and what is no object are shown to nobody, and stay."""

    key: str
    klass: str = "exact"
    reads: tuple[str, ...] = ()

    def get(self, native: Any, context: Context) -> Any:
        return {key: dict(entry) for key, entry in self.split(native).items() if not key.startswith("#")}

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        wanted = shared or {}
        if old is not None and same(self.get(old, context), wanted):
            return old
        former = self.split(old)
        kept = {key: entry for key, entry in former.items() if _stays(key, wanted)}
        return list({**kept, **{key: dict(wanted[key]) for key in sorted(wanted)}}.values())

    def split(self, native: Any) -> Entries:
        """Native items by key, in their order."""
        found: Entries = {}
        for number, entry in enumerate(native or ()):
            key = (text_of(entry.get(self.key)) if isinstance(entry, Mapping) else None) or ""
            found[_hidden(number, key) if not key or key in found or key.startswith("#") else key] = entry
        return found

    def join(self, entries: Mapping[str, Any]) -> list[Any]:
        """The native list of these items."""
        return list(entries.values())


@dataclass(frozen=True, slots=True)
class Tags:
    """Tags in the dialects: "" (a list of texts), semicolon ("a;b") and comma ("a, b")."""

    dialect: str = ""
    klass: str = "stable"
    reads: tuple[str, ...] = ()

    def get(self, native: Any, context: Context) -> Any:
        return {tag: {} for tag in self.split(native)}

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        wanted = [tag for tag in (text_of(one) for one in shared or ()) if tag]
        former = self.split(old)
        if old is not None and set(former) == set(wanted):
            return old
        sign = {"semicolon": ";", "comma": ","}.get(self.dialect)
        if sign and (odd := next((tag for tag in wanted if sign in tag), None)):
            raise Refusal(f"The tag {odd!r} has a {self.dialect} in it, which parts tags here.")
        return self.join([tag for tag in former if tag in wanted] + sorted(set(wanted) - set(former)))

    def split(self, native: Any) -> dict[str, Any]:
        """The tags, as written, by their shared spelling."""
        texts: Iterable[Any] = native or ()
        if isinstance(native, str):
            texts = native.split(";" if self.dialect == "semicolon" else ",")
        return {tag: tag for tag in (tidy(text_of(text)) for text in texts) if tag}

    def join(self, entries: Iterable[str]) -> Any:
        """The native value of these tags."""
        if self.dialect in ("semicolon", "comma"):
            return (";" if self.dialect == "semicolon" else ", ").join(entries) or None
        return list(entries)
