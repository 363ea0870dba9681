"""Rows from what fields mean: the same entry on both sides, one value against a list of them, parts against a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from engine.contract import Field
from engine.lenses.bytype import ADDRESS, NAME
from engine.propose import tables
from engine.propose.between import between
from engine.propose.draft import Draft, Left, Sides, unmade
from engine.propose.meant import Meant
from engine.propose.vocabulary import Vocabulary, Word
from engine.row import LensSpec

EACH = {
    "people": "email",
    "occurrences": "original_start",
    "emails": "value",
    "phones": "value",
    "urls": "value",
    "addresses": "label",
    "tags": "tag",
}
"""Type of a list -> the key of its items."""
ONE_WAY = {
    "contact.consent": "who may be mailed is decided in one place: say which, and allow it there (may_subscribe)",
}
_PARTS = {"name": NAME, "address": ADDRESS}
Cells = dict[str, tuple[str, ...]]
"""Side -> native fields."""


@dataclass
class Rows:
    """The rows of one kind, and fields that are left out on purpose."""

    sides: Sides
    meant: Meant
    vocabulary: Vocabulary
    kind: str

    def __post_init__(self) -> None:
        self.made: list[Draft] = []
        self.left: list[Left] = []
        self._done: set[str] = set()

    def build(self) -> None:
        """All of them, in the order of the vocabulary."""
        groups: dict[str, Callable[[], None]] = {
            **dict.fromkeys(("full_name", *NAME), self._name),
            **dict.fromkeys(("address", "addresses", *ADDRESS), self._address),
        }
        for word in self.vocabulary.of(self.kind):
            if word.name in self._done:
                continue
            if word.last in groups and (self.kind == "contact" or groups[word.last] == self._address):
                groups[word.last]()
            elif lister := self._lister(word):
                self._several(lister)
            else:
                self._plain(word)
            self._done.add(word.name)

    def _plain(self, word: Word) -> None:
        self._row(word.last, word, alone(self.meant.at(word.name)))

    def _row(self, name: str, word: Word, cells: Cells, via: dict[str, list[LensSpec]] | None = None) -> None:
        """A row where two sides have it and one can be written."""
        if len(cells) < 2:
            return
        row = Draft(name, cells, self._reason(word, cells), word.name, via or self._vias(cells))
        if unmade(self.sides, row):
            self._leave(cells, "all sides set it themselves")
            return
        kinds = {self._field(side, names[0]).type for side, names in cells.items()}
        if len(kinds) == 1 and not row.via and all(len(names) == 1 for names in cells.values()):
            row = replace(row, each=word.key or EACH.get(next(iter(kinds)), ""))
        if row.means in ONE_WAY:
            target = [side for side in cells if self._field(side, cells[side][0]).writable][-1]
            row = replace(row, to=(target,), doubt=ONE_WAY[row.means])
        if word.own:
            row = replace(row, doubt=word.own)
        self.made.append(tables.matched(self.sides, self._limited(row, word), word.choices))

    def _limited(self, row: Draft, word: Word) -> Draft:
        """One way, where an app only gives what the entry says, or only takes it."""
        gives, takes = (
            [side for side in row.sides if self.sides[side].app in apps] for apps in (word.gives, word.takes)
        )
        targets = takes or [side for side in row.sides if side not in gives]
        if not targets or len(targets) == len(row.sides):
            return row
        why = {**word.gives, **word.takes}
        told = "; ".join(f"{side}: {why[self.sides[side].app]}" for side in takes or gives)
        return replace(row, to=tuple(targets), reason=f"{row.reason}; one way, {told}")

    def _reason(self, word: Word, cells: Cells) -> str:
        named = [f"{side}.{one}" for side, names in cells.items() for one in names if (side, one) in self.meant.guessed]
        told = f"; {', '.join(named)} by name" if named else ""
        return f"{word.help or word.last}: {word.name}{told}"

    def _field(self, side: str, native: str) -> Field:
        return self.sides[side].fields[native]

    def _vias(self, cells: Cells) -> dict[str, list[LensSpec]]:
        if any(len(names) > 1 for names in cells.values()):
            return {}
        return between({side: self._field(side, names[0]) for side, names in cells.items()})

    def _leave(self, cells: Cells, why: str) -> None:
        self.left += [Left(side, native, why) for side, names in cells.items() for native in names]

    # lists against single values

    def _lister(self, word: Word) -> Word | None:
        """The list that this entry is, or that holds its values."""
        if word.single:
            return word
        lists = (one for one in self.vocabulary.of(self.kind) if one.single)
        return next((one for one in lists if word.name in self._singles(one)), None)

    def _singles(self, lister: Word) -> list[str]:
        """The main value, then those that are known by labels."""
        main = self.vocabulary.words[lister.single]
        more = [one.name for one in self.vocabulary.of(self.kind) if one.labels and one.type == main.type]
        return list(dict.fromkeys([main.name, *more]))

    def _several(self, lister: Word) -> None:
        singles, lists = self._singles(lister), self.meant.at(lister.name)
        self._done |= {lister.name, *singles}
        found = {name: {s: n for s, n in self.meant.at(name).items() if s not in lists} for name in singles}
        for name in singles:
            held = {side: native for side, native in self.meant.at(name).items() if side in lists}
            self._leave(alone(held), "its list has it too")
        if not any(found.values()):
            self._plain(lister)
            return
        by_label = sum(map(bool, found.values())) > 1
        for name in singles:
            word, cells = self.vocabulary.words[name], alone(found[name])
            labels = word.labels[0] if len(word.labels) == 1 else list(word.labels)
            cells |= alone(lists) if cells else {}
            pick: list[LensSpec] = [{"pick": labels}]
            via = dict.fromkeys(lists, pick) | self._texts(word, found[name]) if by_label and labels else None
            self._row(word.last, word, self._ordered(cells), via if cells else None)

    def _texts(self, word: Word, cells: dict[str, str]) -> dict[str, list[LensSpec]]:
        return {side: [word.type] for side, native in cells.items() if self._field(side, native).type == "text"}

    def _ordered(self, cells: Cells) -> Cells:
        return {side: cells[side] for side in self.sides if side in cells}

    # names and addresses, whole and in parts

    def _parts(self, kind: str) -> dict[str, dict[str, str]]:
        """Side -> entry -> native field of the parts of a name or an address."""
        words = [f"{self.kind}.{last}" for last in _PARTS[kind]]
        held = {side: {word: at[word] for word in words if word in at} for side, at in self.meant.fields.items()}
        return {side: parts for side, parts in held.items() if parts}

    def _roomy(self, side: str, parts: dict[str, str]) -> dict[str, str]:
        """Without short fields beside the given and the family name: what is cut of one is read as another part."""
        beside = {f"{self.kind}.{last}" for last in ("prefix", "middle_name", "suffix")} & parts.keys()
        short = {word for word in beside if self._field(side, parts[word]).max_length}
        self.left += [Left(side, parts[word], "too short for what may stand there") for word in sorted(short)]
        return {word: native for word, native in parts.items() if word not in short}

    def _written(self, side: str, parts: dict[str, str]) -> dict[str, str]:
        """Those that can be written, where some can: with the others among them, the whole could only be read."""
        found = {word: native for word, native in parts.items() if self._field(side, native).writable}
        if found:
            read = {(side, native) for word, native in parts.items() if word not in found}
            self.left += [Left(*place, "can only be read, and the whole is written") for place in sorted(read)]
        return found or parts

    def _name(self) -> None:
        whole, parts = self.meant.at(f"{self.kind}.full_name"), self._parts("name")
        only = {side: native for side, native in whole.items() if side not in parts}
        self._done |= {f"{self.kind}.{last}" for last in ("full_name", *NAME)}
        if only:
            self._whole("name", f"{self.kind}.full_name", only, parts)
        else:
            self._each_part("name")
        split = alone({side: native for side, native in whole.items() if side in parts})
        self._leave(split, "the parts of the name travel; each app makes the whole of them")

    def _address(self) -> None:
        lists, one = self.meant.at(f"{self.kind}.addresses"), self.meant.at(f"{self.kind}.address")
        whole = {**one, **lists}
        parts = {side: held for side, held in self._parts("address").items() if side not in whole}
        self._done |= {f"{self.kind}.{last}" for last in ("address", "addresses", *ADDRESS)}
        doubled = alone({side: native for side, native in one.items() if side in lists})
        self._leave(doubled, "the list of addresses has it too")
        if whole and parts:
            self._whole("address", f"{self.kind}.address", whole, parts)
        elif set(whole) == set(lists):
            if lists:
                self._plain(self.vocabulary.words[f"{self.kind}.addresses"])
            else:
                self._each_part("address")
        else:
            word = self.vocabulary.words[f"{self.kind}.address"]
            self._row("address", word, self._ordered(alone(whole)))

    def _each_part(self, kind: str) -> None:
        for last in _PARTS[kind]:
            if word := self.vocabulary.words.get(f"{self.kind}.{last}"):
                self._plain(word)

    def _whole(self, kind: str, name: str, whole: dict[str, str], parts: dict[str, dict[str, str]]) -> None:
        """One row: fields of the parts on some sides, one field on the others."""
        word = self.vocabulary.words[name]
        cells = alone(whole)
        via: dict[str, list[LensSpec]] = {}
        for side, some in parts.items():
            held = self._written(side, self._roomy(side, some))
            if len(held) > 1:
                cells[side] = tuple(held.values())
                if self.meant.guessed & {(side, native) for native in held.values()}:
                    via[side] = [{kind: {_PARTS[kind][one.rpartition(".")[2]]: native for one, native in held.items()}}]
                    via |= {at: [kind] for at in whole}
        if via:  # what the lists hold is one address then
            via |= {
                side: ["primary"] for side, native in whole.items() if self._field(side, native).type == "addresses"
            }
        self._row(kind, word, self._ordered(cells), via)


def rows(sides: Sides, meant: Meant, vocabulary: Vocabulary, kind: str) -> tuple[list[Draft], list[Left]]:
    """The rows, and the fields that are left out because another row says the same."""
    made = Rows(sides, meant, vocabulary, kind)
    made.build()
    return made.made, made.left


def alone(fields: Mapping[str, str]) -> Cells:
    """One native field for each side."""
    return {side: (native,) for side, native in fields.items()}
